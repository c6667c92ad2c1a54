import {
  createTokenProvider,
  type TokenProvider,
  type TokenProviderOptions,
} from '@countersign/core'
import { makeKeys } from './keys.ts'
import type { World } from './world.ts'

/** A provider for the world's authorization server, registered there with a key of its own. */
export async function registeredProvider(
  world: World,
  options: Partial<TokenProviderOptions> = {},
): Promise<TokenProvider> {
  const { publicJwk, jwk } = await makeKeys('ES256')
  await world.ask('register', { jwk: publicJwk })
  return providerFor(world, { key: jwk, ...options })
}

export function providerFor(world: World, options: Partial<TokenProviderOptions>): TokenProvider {
  const { tokenEndpoint, clock } = world
  const own = clock === undefined ? {} : { clock }
  return createTokenProvider({ clientId: 'client', tokenEndpoint, ...own, ...options })
}
