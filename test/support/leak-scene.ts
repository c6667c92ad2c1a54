import { generateKeyPairSync } from 'node:crypto'
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
import { type LeakSearch, leakSearch, watchedFetch } from './leak-search.ts'
import { startWorld, type World } from './world.ts'

/** A world with a client whose key, assertions and tokens are searched for. */
export interface Scene extends World {
  readonly search: LeakSearch
  readonly tokens: TokenProvider
  /** Another provider of that client. */
  watched(options?: Partial<TokenProviderOptions>): TokenProvider
}

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

export async function startScene(): Promise<Scene> {
  const world = await startWorld()
  const { server, clock } = world
  const { tokenEndpoint } = server
  const clientId = 'watched'
  server.register({ clientId, jwks: { keys: [publicKey.export({ format: 'jwk' })] } })
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

/** What the user of a host holds, and a request through it. */
interface Made {
  readonly held: object
  readonly send: Send
}

type Make = (tokens: TokenProvider, options: Omit<AuthorizationOptions, 'isTokenRejected'>) => Made

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

function throughAxios(
  adapter: string,
  tokens: TokenProvider,
  options: Omit<AuthorizationOptions, 'isTokenRejected'>,
): Made {
  const held = axios.create({ adapter })
  addAuthorization(held, tokens, options)
  const send: Send = (url, sending) => held.get(url, sending)
  return { held, send }
}
