import { addAuthorization } from '@countersign/axios-interceptor'
import {
  type AuthorizationOptions,
  createTokenProvider,
  type TokenProvider,
  type TokenProviderOptions,
} from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { authorizationHooks } from '@countersign/ky-hook'
import axios from 'axios'
import ky from 'ky'
import { ecPair } from './keys.ts'
import { leakSearch, watchedFetch } from './leak-search.ts'
import { startWorld } from './world.ts'

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

interface Sending {
  readonly signal?: AbortSignal
  readonly timeout?: number
}

export type Send = (url: string, sending?: Sending) => Promise<unknown>

/** The object that a user of an HTTP client keeps, and a request through it. */
interface Client {
  readonly held: object
  readonly send: Send
}

type Options = Omit<AuthorizationOptions, 'isTokenRejected'>
type Make = (tokens: TokenProvider, options: Options) => Client

export const hosts: Readonly<Record<string, Make>> = {
  fetch(tokens, options) {
    const held = authorizedFetch(tokens, options)
    const send: Send = (url, { timeout, ...sending } = {}) =>
      held(url, timeout ? { ...sending, signal: AbortSignal.timeout(timeout) } : sending)
    return { held, send }
  },
  ky(tokens, options) {
    const held = ky.create({ hooks: authorizationHooks(tokens, options), retry: 0 })
    return { held, send: (url, sending) => held(url, sending) }
  },
  'axios, http': (tokens, options) => throughAxios('http', tokens, options),
  'axios, fetch': (tokens, options) => throughAxios('fetch', tokens, options),
}

function throughAxios(adapter: string, tokens: TokenProvider, options: Options): Client {
  const held = axios.create({ adapter })
  addAuthorization(held, tokens, options)
  const send: Send = (url, sending) => held.get(url, sending)
  return { held, send }
}
