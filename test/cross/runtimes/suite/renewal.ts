import type { TokenEvent } from '@countersign/core'
import type { Case } from './case.ts'
import { same } from './expectations.ts'
import { makeKeys } from './keys.ts'
import { providerFor, registeredProvider } from './provider.ts'

/** Of a token of 600 s, the last 48 to 60 s are the time in which it is due. */
const untilDue = 560_000

export const renewal: readonly Case[] = [
  {
    name: 'keeps a token while it lives, and waits for the next once it is over',
    run: async (world) => {
      const tokens = await registeredProvider(world)
      const first = await tokens.getAccessToken()
      await world.advance(500_000)
      same((await tokens.getAccessToken()) === first, true, 'the same token while it lives')
      await world.advance(100_000)
      same((await tokens.getAccessToken()) === first, false, 'the same token once it is over')
      same((await world.seen()).issued, 2, 'tokens issued')
    },
  },
  {
    name: 'renews early, once, beside the use of the old token, where waitUntil keeps it alive',
    run: async (world) => {
      const renewals: Promise<unknown>[] = []
      const waitUntil = (one: Promise<unknown>) => void renewals.push(one)
      const tokens = await registeredProvider(world, { renewal: { waitUntil } })
      const first = await tokens.getAccessToken()
      await world.advance(untilDue)
      const served = [await tokens.getAccessToken(), await tokens.getAccessToken()]
      same([served[0] === first, served[1] === first], [true, true], 'the old token serves')
      same(renewals.length, 1, 'renewals given to waitUntil')
      await Promise.all(renewals)
      same((await tokens.getAccessToken()) === first, false, 'the old token serves on')
      same((await world.seen()).issued, 2, 'tokens issued')
    },
  },
  {
    name: 'renews early without waitUntil, but nothing where a request ends what it started',
    run: async (world) => {
      const { publicJwk, jwk } = await makeKeys('ES256')
      await world.ask('register', { jwk: publicJwk })
      let asked = 0
      let renewed = () => {}
      const renewal = new Promise<void>((resolve) => {
        renewed = resolve
      })
      // A flight asks for its key before anything else, within the call that starts it.
      const key = () => {
        asked += 1
        return jwk
      }
      const onEvent = ({ type }: TokenEvent) => {
        if (type === 'token-issued' && asked === 2) renewed()
      }
      const tokens = providerFor(world, { key, onEvent })
      const first = await tokens.getAccessToken()
      await world.advance(untilDue)
      same((await tokens.getAccessToken()) === first, true, 'the old token serves')
      same(asked, world.traits.isWorker ? 1 : 2, 'flights')
      if (!world.traits.isWorker) await renewal
      same((await tokens.getAccessToken()) === first, world.traits.isWorker, 'it serves on')
      await world.advance(40_000)
      await tokens.getAccessToken()
      same((await world.seen()).issued, 2, 'tokens issued')
    },
  },
]
