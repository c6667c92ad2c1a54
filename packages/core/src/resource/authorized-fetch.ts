import { getAbortReason } from '../clock.js'
import { ConfigurationError } from '../errors.js'
import { callback, type OptionTable, readOptions } from '../options.js'
import type { TokenSource } from '../token-source.js'
import { authorizationTable, authorizeWith, createAuthorizer } from './authorizer.js'
import { fetchClient } from './fetch-client.js'
import {
  authorized,
  cancelUnsentBody,
  type FetchCall,
  type FetchExchange,
  mayHaveStream,
  readFetchExchange,
  sender,
} from './fetch-exchange.js'
import type { AuthorizationOptions, RequestAuthorization } from './request-event.js'

type Fetch = typeof globalThis.fetch

/**
 * Sends one request of an adapter over fetch.
 *
 * @inline
 */
type FetchAuthorizer = (
  input: string | URL | Request,
  init: RequestInit | undefined,
  call: FetchCall,
) => Promise<Response>

/**
 * Creates a function that sends a request with the token, for adapters whose HTTP client provides a
 * fetch function. Other programs use `authorizedFetch`. Input and init are read at once.
 *
 * @param tokens - The provider of the tokens.
 * @param options - The options of every adapter.
 * @throws {ConfigurationError} for options that cannot work.
 * @example
 * ```ts
 * const authorize = createFetchAuthorizer(tokens, { origins: ['https://api.example.com'] })
 * const response = await authorize(input, init, { fetch: globalThis.fetch, authorization: undefined })
 * ```
 */
export function createFetchAuthorizer(
  tokens: TokenSource,
  options: AuthorizationOptions,
): FetchAuthorizer {
  return authorizeCalls(createAuthorizer(tokens, fetchClient, options))
}

function authorizeCalls(
  authorize: (exchange: FetchExchange) => Promise<Response>,
): FetchAuthorizer {
  return (input, init, call) => {
    try {
      if (isAuthorized(init)) return call.fetch(input, init)
      const exchange = readFetchExchange(input, init, call)
      const { signal } = exchange
      const answer = signal?.aborted ? Promise.reject(getAbortReason(signal)) : authorize(exchange)
      if (!mayHaveStream(exchange)) return answer
      return answer
        .finally(() => exchange.copy?.cancel())
        .catch((error) => {
          if (!exchange.attempted) cancelUnsentBody(exchange, error)
          throw error
        })
    } catch (error) {
      return Promise.reject(error)
    }
  }
}

function isAuthorized(init: RequestInit | undefined): boolean {
  return (init as { [authorized]?: boolean } | undefined)?.[authorized] === true
}

/** @inline */
type Init = RequestInit & {
  /** The scope and resource of this request; `false` sends it untouched. */
  countersign?: RequestAuthorization | false | undefined
}

/**
 * A drop-in replacement for `fetch`. It never changes a Request. It keeps a copy of up to 1 MiB
 * of a Request's body for the replay; with a larger body, the caller receives the 401. Do not
 * change a body until the call has settled.
 */
export interface AuthorizedFetch {
  (input: string | URL | Request, init?: Init): Promise<Response>
  /** Bun's `fetch.preconnect`, which its type requires. Ignored on other runtimes. */
  preconnect(url: string | URL): void
}

const fetchTable = { ...authorizationTable, fetch: callback<Fetch>() } satisfies OptionTable<
  Parameters<typeof authorizedFetch>[1]
>

/**
 * Creates a fetch function that authorizes the requests to `origins`. If it replaces the global
 * `fetch`, pass `fetch: globalThis.fetch`.
 *
 * A call rejects with a `CountersignError` when a token cannot be obtained or the origin is
 * rejected. Otherwise it settles as the inner fetch does.
 *
 * @param tokens - The provider of the tokens.
 * @param options - The options of every adapter, and `fetch`, which sends the requests
 * (`@default globalThis.fetch`, read at each call).
 * @returns the fetch function.
 * @throws {ConfigurationError} for options that cannot work.
 * @example
 * ```ts
 * const api = authorizedFetch(tokens, { origins: ['https://api.example.com'] })
 * const response = await api('https://api.example.com/accounts')
 * ```
 * @see RFC 6750 section 2.1
 */
export function authorizedFetch(
  tokens: TokenSource,
  options: AuthorizationOptions & { fetch?: typeof globalThis.fetch | undefined },
): AuthorizedFetch {
  const { fetch: inner, ...settings } = readOptions(options, fetchTable)
  const original = globalThis.fetch as Fetch | undefined
  const authorize = authorizeCalls(authorizeWith(tokens, fetchClient, settings))

  const send = (input: string | URL | Request, init?: Init): Promise<Response> => {
    // What is on `Object.prototype` is not an option of this request.
    const isOwn = init && Object.hasOwn(init, 'countersign')
    const authorization = isOwn ? init.countersign : undefined
    if (inner !== undefined) return authorize(input, init, { fetch: inner, authorization })
    if ((init as { [sender]?: unknown } | undefined)?.[sender] === wrapper)
      return reject("The global fetch calls itself. Pass option 'fetch': globalThis.fetch.")
    const fetch = findGlobalFetch()
    if (typeof fetch !== 'function')
      return reject("This runtime has no global fetch. Pass option 'fetch'.")
    if (fetch === original) return authorize(input, init, { fetch, authorization })
    return authorize(input, init, { fetch, authorization, sender: wrapper })
  }
  /** Where this function has replaced the global one, the one before. */
  const findGlobalFetch = (): Fetch | undefined =>
    (globalThis.fetch as unknown) === wrapper ? original : globalThis.fetch
  const wrapper: AuthorizedFetch = Object.assign(send, {
    preconnect(url: string | URL): void {
      const fetch = (inner ?? findGlobalFetch()) as Fetch | AuthorizedFetch | undefined
      ;(fetch as Partial<AuthorizedFetch> | undefined)?.preconnect?.(url)
    },
  })
  return wrapper
}

function reject(message: string): Promise<never> {
  return Promise.reject(new ConfigurationError('ERR_INVALID_OPTION', message, 'fetch'))
}
