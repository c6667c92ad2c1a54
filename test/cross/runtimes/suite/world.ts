import type { CommandMessage, Commands, Opened, Seen } from './command.ts'
import { createHandClock, type HandClock } from './hand-clock.ts'
import type { Traits } from './traits.ts'

type Ask = <Name extends Exclude<keyof Commands, 'open'>>(
  name: Name,
  ...input: Parameters<Commands[Name]>
) => Promise<ReturnType<Commands[Name]>>

/** Servers of its own for one case, on real sockets, and what is said of the runtime. */
export interface World extends Opened {
  readonly traits: Traits
  /** For providers; the platform's own when undefined. */
  readonly clock: HandClock | undefined
  readonly ask: Ask
  seen(): Promise<Seen>
  /** Moves the clocks of both sides. */
  advance(ms: number): Promise<void>
}

export async function openWorld(
  stage: string,
  traits: Traits,
  clock: 'by hand' | 'wall' = 'by hand',
): Promise<World> {
  const opened = (await send(stage, { name: 'open', input: { clock } })) as Opened
  return worldOf(stage, traits, opened, clock === 'wall' ? undefined : createHandClock(opened.now))
}

/** Of servers that are there already. */
export function worldOf(
  stage: string,
  traits: Traits,
  opened: Opened,
  clock: HandClock | undefined,
): World {
  const { id } = opened
  const ask: Ask = async (name, ...[input]) =>
    (await send(stage, { name, id, input })) as ReturnType<Commands[typeof name]>
  return {
    ...opened,
    ...{ traits, clock, ask },
    seen: () => ask('seen'),
    advance: async (ms) => {
      await ask('advance', { ms })
      clock?.move(ms)
    },
  }
}

async function send(stage: string, message: CommandMessage): Promise<unknown> {
  const response = await fetch(stage, { method: 'POST', body: JSON.stringify(message) })
  const text = await response.text()
  if (!response.ok) throw new Error(`the stage refused ${message.name}: ${text}`)
  return (JSON.parse(text) as { value?: unknown }).value
}
