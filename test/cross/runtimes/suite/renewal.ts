import type { TokenEvent } from '@countersign/core'
import { same } from './expectations.ts'
import { makeKeys } from './keys.ts'
import { providerFor, registeredProvider } from './provider.ts'
import type { Cases } from './world.ts'

/** A token of 600 s becomes due in its last 48 to 60 s. */
const untilDue = 560_000

export const renewal: Cases = {
  async 'keeps a token until it expires, and waits for the next after that'(world) {
    const tokens = await registeredProvider(world)
    const first = await tokens.getAccessToken()
    await world.advance(500_000)
    same((await tokens.getAccessToken()) === first, true, 'the same token before its expiry')
    await world.advance(100_000)
    same((await tokens.getAccessToken()) === first, false, 'the same token after its expiry')
    same((await world.ask('seen')).issued, 2, 'tokens issued')
  },
  async 'renews early, once, while the old token is used, if waitUntil keeps it alive'(world) {
    const renewals: Promise<unknown>[] = []
    const waitUntil = (one: Promise<unknown>) => void renewals.push(one)
    const tokens = await registeredProvider(world, { renewal: { waitUntil } })
    const first = await tokens.getAccessToken()
    await world.advance(untilDue)
    const used = [await tokens.getAccessToken(), await tokens.getAccessToken()]
    same([used[0] === first, used[1] === first], [true, true], 'the old token is used')
    same(renewals.length, 1, 'renewals passed to waitUntil')
    await Promise.all(renewals)
    same((await tokens.getAccessToken()) === first, false, 'the old token is still used')
    same((await world.ask('seen')).issued, 2, 'tokens issued')
  },
  async 'renews early without waitUntil, except where a request ends the work that it started'(
    world,
  ) {
    const { publicJwk, jwk } = await makeKeys('ES256')
    await world.ask('register', publicJwk)
    const { isWorker } = world.traits
    let requests = 0
    let renewed = () => {}
    const renewal = new Promise<void>((resolve) => {
      renewed = resolve
    })
    // A token request asks for its key first, within the call that starts it.
    const key = () => {
      requests += 1
      return jwk
    }
    const onEvent = ({ type }: TokenEvent) => {
      if (type === 'token-issued' && requests === 2) renewed()
    }
    const tokens = providerFor(world, { key, onEvent })
    const first = await tokens.getAccessToken()
    await world.advance(untilDue)
    same((await tokens.getAccessToken()) === first, true, 'the old token is used')
    same(requests, isWorker ? 1 : 2, 'token requests')
    if (!isWorker) await renewal
    same((await tokens.getAccessToken()) === first, isWorker, 'the old token is still used')
    await world.advance(40_000)
    await tokens.getAccessToken()
    same((await world.ask('seen')).issued, 2, 'tokens issued')
  },
}
