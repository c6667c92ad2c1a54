import { expect } from 'vitest'
import type { Caller, Key } from './renewal-rules.ts'
import type { GivenToken, World } from './renewal-world.ts'
import { type Command, command } from './world-command.ts'

export function getToken(key: Key, options: { isForced?: boolean; spelling?: number }): Command {
  return command(`get ${key} ${JSON.stringify(options)}`, (world) => world.get(key, options))
}

export function request(key: Key, options: { spelling: number }): Command {
  return command(`request ${key} ${JSON.stringify(options)}`, (world) => {
    world.request(key, options)
  })
}

export function burst(key: Key, size: number): Command {
  return command(`burst of ${size} on ${key}`, (world) => {
    for (let turn = 0; turn < size; turn++) {
      if (turn % 2 === 0) world.request(key, { spelling: turn })
      else world.get(key, { spelling: turn })
    }
  })
}

export function getAborted(key: Key): Command {
  return command(`get ${key}, aborted before`, (world) => world.getAborted(key))
}

/** Its wait ends, and the token request goes on without it. */
export function getThenAbort(key: Key): Command {
  return command(`get ${key}, aborted at once`, (world) => endWait(world, world.get(key)))
}

export function abort(at: number): Command {
  const waiting = ({ callers }: World) => callers.filter(({ outcome }) => outcome === undefined)
  return command(
    `abort caller ${at}`,
    (world) => endWait(world, waiting(world)[at % waiting(world).length] as Caller),
    (world) => waiting(world).length > 0,
  )
}

export function invalidateCurrent(key: Key): Command {
  const current = ({ given, rules }: World) =>
    given.find((one) => one.key === key && one.token.value === rules[key].current()?.value)
  return command(
    `invalidate the token of ${key}`,
    (world) => world.invalidate(current(world) as GivenToken),
    (world) => current(world) !== undefined,
  )
}

export function invalidateOld(at: number): Command {
  return command(
    `invalidate token ${at}`,
    (world) => world.invalidate(world.given[at % world.given.length] as GivenToken),
    ({ given }) => given.length > 0,
  )
}

async function endWait(world: World, caller: Caller): Promise<void> {
  const { controller, expected } = caller
  controller.abort(new Error('aborted'))
  await world.quiesce()
  const reason = { error: controller.signal.reason }
  if (expected === 'wait' || expected === 'probe' || caller.sends > 0)
    expect(caller.outcome).toEqual(reason)
}
