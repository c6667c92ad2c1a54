import type { AsyncCommand } from 'fast-check'
import type { World } from './renewal-world.ts'

/** The world is its own model: the rules that it must keep are in it. */
export type Command = AsyncCommand<World, World, boolean>

export function command(
  name: string,
  run: (world: World) => unknown,
  isPossible: (world: World) => boolean = () => true,
): Command {
  return {
    check: isPossible,
    async run(_, world) {
      await run(world)
      await world.quiesce()
    },
    toString: () => name,
  }
}
