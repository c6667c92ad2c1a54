import fc, { type AsyncCommand } from 'fast-check'
import { expect } from 'vitest'
import type { Caller, Key } from './renewal-rules.ts'
import type { GivenToken, World } from './renewal-world.ts'
import type { Answer } from './scripted-token-endpoint.ts'

const key = fc.constantFrom<Key>('one', 'one', 'two')
const place = fc.nat(9)
const rounds = fc.integer({ min: 2, max: 7 })
const seconds = fc.constantFrom(1, 2, 5, 6, 60, 600, 3600)
const retryAfter = fc.constantFrom(1, 2, 8, 40, 7200)
const failures = [
  'network',
  'invalid_client',
  'invalid_scope',
  'malformed',
  { status: 503 },
] as const
const answer = fc.oneof(
  { weight: 5, arbitrary: fc.record({ seconds }) },
  fc.constantFrom<Answer>(...failures),
  fc.record({ status: fc.constant(503 as const), retryAfter }),
)
const ms = fc.oneof(
  fc.constantFrom(1, 99, 100, 999, 1000, 2000, 4999, 5000, 9999, 10_000, 10_100, 30_000, 60_000),
  fc.nat(12_000),
)
const jump = fc.constantFrom(-3_600_000, -60_000, -5_000, -1, 1, 5_000, 60_000, 3_600_000)
/** Less than shows that the process stood still. */
const slowJump = fc.constantFrom(-3_600_000, -60_000, -5_000, -1, 1)
const edge = fc.constantFrom('due', 'expiry', 'probation', 'cool-down', 'hold-off')

/** The world is its own model: the rules that it must keep are in it. */
function command(
  name: string,
  run: (world: World) => unknown,
  isPossible: (world: World) => boolean = () => true,
): AsyncCommand<World, World, boolean> {
  return {
    check: isPossible,
    async run(_, world) {
      await run(world)
      await world.quiesce()
    },
    toString: () => name,
  }
}

/** Commands of callers. */
const calls = [
  fc
    .tuple(key, place)
    .map(([key, spelling]) =>
      command(`get ${key}, spelling ${spelling}`, (world) => world.get(key, { spelling })),
    ),
  fc
    .tuple(key, place)
    .map(([key, spelling]) =>
      command(`request ${key}, spelling ${spelling}`, (world) => world.request(key, { spelling })),
    ),
  fc.tuple(key, rounds).map(([key, size]) =>
    command(`burst of ${size} on ${key}`, (world) => {
      for (let spelling = 0; spelling < size; spelling++) {
        if (spelling % 2 === 0) world.request(key, { spelling })
        else world.get(key, { spelling })
      }
    }),
  ),
  key.map((key) => command(`force ${key}`, (world) => world.get(key, { isForced: true }))),
  key.map((key) => command(`get ${key}, aborted before`, (world) => world.getAborted(key))),
  key.map((key) =>
    command(`get ${key}, aborted at once`, (world) => endWait(world, world.get(key))),
  ),
  place.map((at) =>
    command(
      `abort caller ${at}`,
      (world) => endWait(world, waiting(world)[at % waiting(world).length] as Caller),
      (world) => waiting(world).length > 0,
    ),
  ),
  key.map((key) =>
    command(
      `invalidate the token of ${key}`,
      (world) => world.invalidate(currentOf(world, key) as GivenToken),
      (world) => currentOf(world, key) !== undefined,
    ),
  ),
  place.map((at) =>
    command(
      `invalidate token ${at}`,
      (world) => world.invalidate(world.given[at % world.given.length] as GivenToken),
      ({ given }) => given.length > 0,
    ),
  ),
  fc.tuple(key, edge, fc.integer({ min: -1, max: 1 })).map(([key, edge, offset]) =>
    command(
      `get ${key} ${offset} ms from its ${edge}`,
      async (world) => {
        await world.clock.advance(Math.max(0, (left(world, key, edge) ?? 0) + offset))
        await world.quiesce()
        world.get(key)
      },
      (world) => left(world, key, edge) !== undefined,
    ),
  ),
]

/** Commands of the clocks, the token endpoint and the API. */
const surroundings = [
  ms.map((ms) => command(`advance ${ms} ms`, ({ clock }) => clock.advance(ms))),
  jump.map((ms) =>
    command(
      `the wall clock jumps ${ms} ms`,
      ({ clock }) => clock.setWallClock(clock.now() + ms),
      // A flight in which it leaps ahead counts as lost: the machine was suspended.
      ({ rules }) => ms < 2_000 || !(rules.one.isFlying() || rules.two.isFlying()),
    ),
  ),
  fc.option(answer, { freq: 3, nil: undefined }).map((answer) =>
    command(`the token endpoint answers ${JSON.stringify(answer)}`, ({ endpoint }) => {
      endpoint.script.answer = answer
    }),
  ),
  fc.tuple(place, answer).map(([at, answer]) =>
    command(
      `answer token request ${at} with ${JSON.stringify(answer)}`,
      ({ endpoint }) => endpoint.answer(at, answer),
      ({ endpoint }) => endpoint.held.length > 0,
    ),
  ),
  fc.tuple(key, slowJump, fc.nat(6000), answer).map(([key, jump, ms, answer]) =>
    command(
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
    ),
  ),
  fc.tuple(key, rounds).map(([key, length]) =>
    command(`outage of ${length} flights of ${key}`, async (world) => {
      const { script } = world.endpoint
      const { answer } = script
      script.answer = 'invalid_client'
      for (let flight = 0; flight < length; flight++) {
        world.get(key, { isForced: true })
        await world.quiesce()
        await world.clock.advance(left(world, key, 'hold-off') ?? 0)
      }
      script.answer = answer
    }),
  ),
  fc.tuple(key, rounds).map(([key, length]) =>
    command(`${length} rounds of refusals on ${key}`, async (world) => {
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
    }),
  ),
  fc.constant(
    command('the API refuses all tokens so far', ({ api, endpoint }) => {
      api.script.revokedUpTo = endpoint.issued()
    }),
  ),
  fc.constantFrom('isRefusing' as const, 'isSlow' as const).map((name) =>
    command(`${name} of the API changes`, ({ api }) => {
      api.script[name] = !api.script[name]
    }),
  ),
  place.map((at) =>
    command(
      `answer request ${at}`,
      ({ api }) => api.answer(at),
      ({ api }) => api.waiting.length > 0,
    ),
  ),
]

/** All that may happen, in any order. */
export const renewalCommands = fc.commands<World, World, boolean>([...calls, ...surroundings], {
  ...{ maxCommands: 60, size: 'max' },
})

const waiting = ({ callers }: World) => callers.filter(({ outcome }) => outcome === undefined)

const currentOf = ({ given, rules }: World, key: Key) =>
  given.find((one) => one.key === key && one.token.value === rules[key].current()?.value)

/** Its wait ends, and the token request goes on without it. */
async function endWait(world: World, caller: Caller): Promise<void> {
  const { controller, expected } = caller
  controller.abort(new Error('aborted'))
  await world.quiesce()
  const reason = { error: controller.signal.reason }
  if (expected === 'wait' || expected === 'probe' || caller.sends > 0)
    expect(caller.outcome).toEqual(reason)
}

/** Milliseconds until something changes. */
function left({ rules, clock }: World, key: Key, edge: string): number | undefined {
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
