import type { Key } from './renewal-rules.ts'
import type { World } from './renewal-world.ts'
import type { Answer } from './scripted-token-endpoint.ts'
import { type Command, command } from './world-command.ts'

export const edges = ['due', 'expiry', 'probation', 'cool-down', 'hold-off'] as const

/** The token endpoint fails each time that it may be asked. */
export function outage(key: Key, length: number): Command {
  return command(`outage of ${length} flights of ${key}`, async (world) => {
    const { script } = world.endpoint
    const { answer } = script
    script.answer = 'invalid_client'
    for (let flight = 0; flight < length; flight++) {
      world.get(key, { isForced: true })
      await world.quiesce()
      await world.clock.advance(left(world, key, 'hold-off') ?? 0)
    }
    script.answer = answer
  })
}

/** The API rejects each token. Requests follow whenever the result may change. */
export function refusals(key: Key, length: number): Command {
  return command(`${length} rounds of refusals on ${key}`, async (world) => {
    const { script } = world.api
    const { isRefusing } = script
    script.isRefusing = true
    for (let round = 0; round < length; round++) {
      world.request(key)
      world.request(key)
      await world.quiesce()
      await world.clock.advance(left(world, key, 'cool-down') ?? 0)
    }
    script.isRefusing = isRefusing
  })
}

export function advance(ms: number): Command {
  return command(`advance ${ms} ms`, ({ clock }) => clock.advance(ms))
}

/** Milliseconds until something changes. */
function left({ rules, clock }: World, key: Key, edge: (typeof edges)[number]): number | undefined {
  const current = rules[key].current()
  const ends = {
    due: current?.dueAt.monotonic,
    expiry: current?.endsAt.monotonic,
    probation: current?.probationEnds,
    'cool-down': rules[key].coolDownEnds(),
    'hold-off': rules[key].heldOffUntil()?.monotonic,
  }[edge]
  const ms = ends === undefined ? -1 : Math.ceil(ends) - clock.monotonic()
  return ms < 0 ? undefined : ms
}

/** A call at the instant at which something changes, or a millisecond from it. */
export function getAt([key, edge, offset]: [Key, (typeof edges)[number], number]): Command {
  return command(
    `get ${key} ${offset} ms from its ${edge}`,
    async (world) => {
      await world.clock.advance(Math.max(0, (left(world, key, edge) ?? 0) + offset))
      await world.quiesce()
      world.get(key)
    },
    (world) => left(world, key, edge) !== undefined,
  )
}

/** A token request that takes its time, in which the wall clock is set. */
export function slowAnswer([key, jump, ms, answer]: [Key, number, number, Answer]): Command {
  return command(
    `a jump of ${jump} ms, and after ${ms} ms ${JSON.stringify(answer)} for ${key}`,
    async (world) => {
      const { script, held } = world.endpoint
      const before = script.answer
      script.answer = undefined
      world.get(key, { isForced: true })
      await world.quiesce()
      world.clock.setWallClock(world.clock.now() + jump)
      await world.clock.advance(ms)
      if (held.length > 0) world.endpoint.answer(held.length - 1, answer)
      script.answer = before
    },
  )
}

export function setWallClock(ms: number): Command {
  return command(
    `the wall clock jumps ${ms} ms`,
    ({ clock }) => clock.setWallClock(clock.now() + ms),
    // A flight in which it leaps ahead counts as lost: the machine was suspended.
    ({ rules }) => ms < 2_000 || !(rules.one.isFlying() || rules.two.isFlying()),
  )
}

export function endpointAnswers(answer: Answer | undefined): Command {
  const what = answer === undefined ? 'waits' : `answers ${JSON.stringify(answer)}`
  return command(`the token endpoint ${what}`, ({ endpoint }) => {
    endpoint.script.answer = answer
  })
}

export function answerTokenRequest([at, answer]: [number, Answer]): Command {
  return command(
    `answer token request ${at} with ${JSON.stringify(answer)}`,
    ({ endpoint }) => endpoint.answer(at, answer),
    ({ endpoint }) => endpoint.held.length > 0,
  )
}

export function revokeAll(): Command {
  return command('the API refuses all tokens so far', ({ api, endpoint }) => {
    api.script.revokedUpTo = endpoint.issued()
  })
}

export function apiRefuses(isRefusing: boolean): Command {
  return command(`the API refuses everything: ${isRefusing}`, ({ api }) => {
    api.script.isRefusing = isRefusing
  })
}

export function apiIsSlow(isSlow: boolean): Command {
  return command(`the API is slow: ${isSlow}`, ({ api }) => {
    api.script.isSlow = isSlow
  })
}

export function answerApi(at: number): Command {
  return command(
    `answer request ${at}`,
    ({ api }) => api.answer(at),
    ({ api }) => api.waiting.length > 0,
  )
}
