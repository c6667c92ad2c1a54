import type { Step } from '../hosts/worker.ts'
import { same } from '../suite/expectations.ts'
import type { World } from '../suite/world.ts'
import type { Time } from './servers.ts'

/** A promise about several requests to one worker. `step` runs a step in the worker. */
interface Story {
  readonly name: string
  readonly time: Time
  run(world: World, step: (name: Step) => Promise<unknown>): Promise<void>
}

export const stories: readonly Story[] = [
  {
    name: 'P11: a token request ends with the request that started it; those that wait share a new one',
    time: 'wall',
    run: async (world, step) => {
      // Longer than anything waits, so that only the next request brings a token.
      await world.ask('next', 'authorizationServer', { delay: 600_000 })
      await step('start a token request and leave')
      const waiting = [1, 2, 3, 4, 5].map(() => step('wait for a token'))
      const values = [...(await Promise.all(waiting)), await step('wait for a token')]
      same(new Set(values).size, 1, 'different tokens')
      same((await world.ask('seen')).tokenRequests.length, 2, 'token requests')
    },
  },
  {
    name: 'P11: a token request that waitUntil keeps alive serves later requests',
    time: 'wall',
    run: async (world, step) => {
      await world.ask('hold')
      await step('pass a token request to waitUntil and leave')
      const waiting = [1, 2, 3].map(() => step('wait for a token'))
      await world.ask('release')
      same(new Set(await Promise.all(waiting)).size, 1, 'different tokens')
      same((await world.ask('seen')).tokenRequests.length, 1, 'token requests')
    },
  },
  {
    name: 'an early renewal that waitUntil keeps alive outlives its request and serves the next',
    time: 'by hand',
    run: async (world, step) => {
      const first = await step('get a first token')
      await world.ask('hold')
      same((await step('use the token when it is due, and leave')) === first, true, 'it is used')
      await world.ask('release')
      same((await step('get a token after its expiry')) === first, false, 'it is still used')
      same((await world.ask('seen')).tokenRequests.length, 2, 'token requests')
    },
  },
]
