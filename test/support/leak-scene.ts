import { createTokenProvider, type TokenProviderOptions } from '@countersign/core'
import { ecPair } from './keys.ts'
import { leakSearch, watchedFetch } from './leak-search.ts'
import { startWorld } from './world.ts'

export { hosts, type Send } from './hosts.ts'

/** A world whose key, assertions and tokens are searched for, with a provider of its own. */
export type Scene = Awaited<ReturnType<typeof startScene>>

export async function startScene() {
  const world = await startWorld()
  const { server, clock } = world
  const { tokenEndpoint } = server
  const { privateKey, jwks } = ecPair()
  const clientId = 'watched'
  server.register({ clientId, jwks })
  const search = leakSearch(privateKey)
  const fixed = { clientId, tokenEndpoint, clock, key: privateKey, retries: 0 }
  const watched = (options: Partial<TokenProviderOptions> = {}) =>
    createTokenProvider({ ...fixed, fetch: watchedFetch(search), ...options })
  return { ...world, search, watched, tokens: watched() }
}
