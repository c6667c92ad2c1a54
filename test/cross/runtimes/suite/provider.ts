import {
  createTokenProvider,
  type TokenProvider,
  type TokenProviderOptions,
  type TokenSource,
} from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { authorizationHooks } from '@countersign/ky-hook'
import ky from 'ky'
import { makeKeys } from './keys.ts'
import type { World } from './world.ts'

/** Creates a provider that is registered at the world's authorization server, with its own key. */
export async function registeredProvider(
  world: World,
  options: Partial<TokenProviderOptions> = {},
): Promise<TokenProvider> {
  const { publicJwk, jwk } = await makeKeys('ES256')
  await world.ask('register', publicJwk)
  return providerFor(world, { key: jwk, ...options })
}

export function providerFor(world: World, options: Partial<TokenProviderOptions>): TokenProvider {
  const { tokenEndpoint, clock } = world
  return createTokenProvider({ clientId: 'client', tokenEndpoint, clock, ...options })
}

type Send = (url: string | Request, init?: RequestInit) => Promise<Response>

/** Sends requests to the world's API with the tokens of a source. */
export interface Host {
  readonly name: string
  create(tokens: TokenSource, world: World, fetch?: typeof globalThis.fetch): Send
}

export const hosts: readonly Host[] = [
  {
    name: 'fetch',
    create: (tokens, { api }, fetch) => authorizedFetch(tokens, { origins: [api], fetch }),
  },
  {
    name: 'ky',
    create: (tokens, { api }, fetch) => {
      const own = fetch && { fetch }
      const hooks = authorizationHooks(tokens, { origins: [api] })
      return ky.create({ hooks, ...own, retry: 0, timeout: false, throwHttpErrors: false })
    },
  },
]

/** For requests that are not about redirects: some runtimes are rejected without it. */
export const unredirected = { redirect: 'manual' } as const satisfies RequestInit
