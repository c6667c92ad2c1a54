import { abortReason } from '../deadline.js'
import { ConfigurationError } from '../errors.js'
import { readFunction, readOptions } from '../options.js'
import type { TokenSource } from '../token-source.js'
import { createAuthorizer } from './authorizer.js'
import {
  cancelUnsentBody,
  type FetchCall,
  holdsStream,
  readExchange,
  sender,
} from './fetch-exchange.js'
import { fetchHost } from './fetch-host.js'
import type { AuthorizationOptions, RequestAuthorization } from './request-event.js'

type Fetch = typeof globalThis.fetch

/** @inline */
type Init = RequestInit & {
  /** What this request asks for; `false` sends it untouched. */
  countersign?: RequestAuthorization | false | undefined
}

/**
 * Goes where a `typeof fetch` is asked. Never mutates a caller's Request. Of a Request with a body
 * a bounded copy (1 MiB) is kept for the replay, read beside the send; past it the 401 is handed
 * back. Leave bodies alone until the call has settled.
 */
export interface AuthorizedFetch {
  (input: string | URL | Request, init?: Init): Promise<Response>
  /** Bun's, which its `typeof fetch` asks for: passed to the inner fetch, ignored where it has none. */
  preconnect(url: string | URL): void
}

/**
 * The exchange over fetch, for adapters whose host hands over a fetch function; others have
 * `authorizedFetch`. Input and init are read at once.
 *
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
): (
  input: string | URL | Request,
  init: RequestInit | undefined,
  call: FetchCall,
) => Promise<Response> {
  const authorize = createAuthorizer(tokens, fetchHost, options)
  return (input, init, call) => {
    try {
      const exchange = readExchange(input, init, call)
      const answer = exchange.signal?.aborted
        ? Promise.reject(abortReason(exchange.signal))
        : authorize(exchange)
      if (!holdsStream(exchange)) return answer
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

/**
 * A fetch that authorizes the requests to `origins`. Without `fetch` the global one is looked up
 * per call; when this replaces the global, pass `fetch: globalThis.fetch`.
 *
 * A call rejects with a `CountersignError` when there is no token to be had or the origin is
 * refused; a request that was sent ends as the inner fetch says.
 *
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
  const { fetch: given, ...rest } = readOptions(options, [
    'origins',
    'onForeignOrigin',
    'isTokenRejected',
    'onEvent',
    'fetch',
  ])
  const inner = readFunction<Fetch>(given, 'fetch')
  const original: unknown = globalThis.fetch
  const authorize = createFetchAuthorizer(tokens, rest as unknown as AuthorizationOptions)

  const send = (input: string | URL | Request, init?: Init): Promise<Response> => {
    if (inner !== undefined) return authorize(input, init, callOf(init, inner, undefined))
    if ((init as { [sender]?: unknown } | undefined)?.[sender] === wrapper) {
      return refuse('The global fetch leads back here: pass `fetch: globalThis.fetch`.')
    }
    const current: unknown = globalThis.fetch
    const own = current === wrapper
    const fetch = own ? original : current
    if (typeof fetch !== 'function')
      return refuse("There is no global fetch: pass the option 'fetch'.")
    return authorize(input, init, callOf(init, fetch as Fetch, own ? undefined : wrapper))
  }
  const wrapper: AuthorizedFetch = Object.assign(send, {
    preconnect(url: string | URL): void {
      const current = globalThis.fetch as Fetch | AuthorizedFetch
      const fetch = inner ?? (current === wrapper ? (original as Fetch) : current)
      ;(fetch as Partial<AuthorizedFetch> | undefined)?.preconnect?.(url)
    },
  })
  return wrapper
}

/** What stands on `Object.prototype` is not asked for. */
function callOf(init: Init | undefined, fetch: Fetch, by: AuthorizedFetch | undefined): FetchCall {
  const isAsked = init !== undefined && init !== null && Object.hasOwn(init, 'countersign')
  const authorization = isAsked ? init.countersign : undefined
  return by === undefined ? { fetch, authorization } : { fetch, authorization, sender: by }
}

function refuse(message: string): Promise<never> {
  return Promise.reject(new ConfigurationError('ERR_INVALID_OPTION', message, 'fetch'))
}
