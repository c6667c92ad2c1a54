import { addAuthorization } from '@countersign/axios-interceptor'
import type { AuthorizationOptions, TokenSource } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { authorizationHooks } from '@countersign/ky-hook'
import axios from 'axios'
import ky from 'ky'

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
type Make = (tokens: TokenSource, options: Options) => Client

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

function throughAxios(adapter: string, tokens: TokenSource, options: Options): Client {
  const held = axios.create({ adapter })
  addAuthorization(held, tokens, options)
  const send: Send = (url, sending) => held.get(url, sending)
  return { held, send }
}
