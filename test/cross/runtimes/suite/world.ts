import type { Clock } from '@countersign/core'
import type { Opened, ServerCommands, Time } from '../stage/servers.ts'

/** The properties that a runtime is expected to have. The suite asserts them. */
export interface Traits {
  /** Whether `process.getBuiltinModule` returns `node:crypto`. */
  readonly nodeCrypto: boolean
  /** Whether work that a request started ends with it. */
  readonly isWorker: boolean
  /** Whether fetch sends Authorization to another origin after a redirect. */
  readonly keepsAuthorization: boolean
  /** Whether a worker's fetch has the option `cache`; otherwise it throws. */
  readonly cacheOption?: boolean
  /** The functions that print a value. */
  readonly inspectors: readonly string[]
}

/** The servers of one case, on real sockets. */
export interface World extends Opened {
  readonly traits: Traits
  /** For providers; `undefined` selects the platform's own clock. */
  readonly clock: Clock | undefined
  ask<Name extends keyof ServerCommands>(
    name: Name,
    ...input: Parameters<ServerCommands[Name]>
  ): Promise<Awaited<ReturnType<ServerCommands[Name]>>>
  /** Moves the clocks of both sides. */
  advance(ms: number): Promise<void>
}

/** Promises by their names, in web-standard code that every runtime runs. A broken one throws. */
export type Cases = Readonly<Record<string, (world: World) => Promise<void>>>

export async function openWorld(stage: string, traits: Traits, time: Time): Promise<World> {
  return connect(stage, traits, (await send(stage, { name: 'open', input: [time] })) as Opened)
}

/** Connects to servers that are running. */
export function connect(stage: string, traits: Traits, opened: Opened): World {
  let elapsed = 0
  const clock: Clock = {
    now: () => opened.now + elapsed,
    monotonic: () => elapsed,
    wait: (_, signal) =>
      new Promise((_resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      }),
  }
  const ask: World['ask'] = async (name, ...input) =>
    (await send(stage, { name, id: opened.id, input })) as never
  return {
    ...opened,
    ...{ traits, ask, clock: opened.time === 'wall' ? undefined : clock },
    advance: async (ms) => {
      await ask('advance', ms)
      elapsed += ms
    },
  }
}

async function send(stage: string, message: { name: string; id?: number; input: unknown[] }) {
  const response = await fetch(stage, { method: 'POST', body: JSON.stringify(message) })
  const text = await response.text()
  if (!response.ok) throw new Error(`the stage rejected ${message.name}: ${text}`)
  return (JSON.parse(text) as { value?: unknown }).value
}
