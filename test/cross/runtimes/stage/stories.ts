import type { Steps } from '../hosts/steps.ts'
import type { CaseOutcome } from '../suite/case.ts'
import { same } from '../suite/expectations.ts'
import type { Traits } from '../suite/traits.ts'
import { openWorld, type World } from '../suite/world.ts'

/** A promise about several requests to one worker. */
interface Story {
  readonly name: string
  readonly clock: 'by hand' | 'wall'
  tell(world: World, step: Step): Promise<void>
}

type Step = <Name extends keyof Steps>(name: Name) => Promise<Steps[Name]>

/** Does a step in the worker, for these servers. */
export type DoStep = (
  step: keyof Steps,
  world: Pick<World, keyof World>,
  clock: 'by hand' | 'wall',
) => Promise<unknown>

export const stories: readonly Story[] = [
  {
    name: 'P11: a flight ends with the request that started it; who waits shares one new token request',
    clock: 'wall',
    tell: async (world, step) => {
      // Longer than anything waits, so that only the next request brings a token.
      await world.ask('next', { server: 'authorizationServer', answers: [{ delay: 600_000 }] })
      await step('start a flight and leave')
      const waiting = [1, 2, 3, 4, 5].map(() => step('wait for a token'))
      const values = [...(await Promise.all(waiting)), await step('wait for a token')]
      same(new Set(values).size, 1, 'different tokens')
      same((await world.seen()).tokenRequests.length, 2, 'token requests')
    },
  },
  {
    name: 'P11: a flight that waitUntil keeps alive serves those who come after its request',
    clock: 'wall',
    tell: async (world, step) => {
      await world.ask('hold')
      await step('hand a flight to waitUntil and leave')
      const waiting = [1, 2, 3].map(() => step('wait for a token'))
      await world.ask('release')
      same(new Set(await Promise.all(waiting)).size, 1, 'different tokens')
      same((await world.seen()).tokenRequests.length, 1, 'token requests')
    },
  },
  {
    name: 'an early renewal that waitUntil keeps alive outlives its request and serves the next',
    clock: 'by hand',
    tell: async (world, step) => {
      const first = await step('get a first token')
      await world.ask('hold')
      same((await step('use the token when it is due, and leave')) === first, true, 'it serves')
      await world.ask('release')
      same((await step('get a token when the first is over')) === first, false, 'it serves on')
      same((await world.seen()).tokenRequests.length, 2, 'token requests')
    },
  },
]

/** Tells a story with servers of its own. */
export async function outcomeOf(
  story: Story,
  stage: string,
  traits: Traits,
  doStep: DoStep,
): Promise<CaseOutcome> {
  const { name, clock } = story
  const world = await openWorld(stage, traits, clock)
  try {
    await story.tell(world, async (step) => (await doStep(step, world, clock)) as never)
    return { name, passed: true }
  } catch (error) {
    return { name, passed: false, reason: String(error instanceof Error ? error.stack : error) }
  } finally {
    await world.ask('close')
  }
}
