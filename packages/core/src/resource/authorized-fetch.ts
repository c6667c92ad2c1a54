import { invalidOption, readFunction, readOptions } from '../options.js'
import type { TokenSource } from '../token-source.js'
import { createAuthorizer } from './authorizer.js'
import { type FetchCall, readExchange, sender, sendsRequestBody } from './fetch-exchange.js'
import { fetchHost, keepsAuthorizationOnRedirect, release } from './fetch-host.js'
import type { AuthorizationOptions, RequestAuthorization } from './request-event.js'

type Fetch = typeof globalThis.fetch

type Init = RequestInit & { countersign?: RequestAuthorization | false }

/**
 * Goes where a `typeof fetch` is asked. Never mutates a caller's Request. Of a Request with a body
 * a bounded copy (1 MiB) is kept for the replay, read beside the send; past it the 401 is handed
 * back. Leave bodies alone until the call has settled.
 */
export type AuthorizedFetch = (input: string | URL | Request, init?: Init) => Promise<Response>

/** The exchange over fetch, for adapters; {@link authorizedFetch} for everyone else. */
export function createFetchAuthorizer(
  tokens: TokenSource,
  options: AuthorizationOptions,
): (
  input: string | URL | Request,
  init: RequestInit | undefined,
  call: FetchCall,
) => Promise<Response> {
  const authorize = createAuthorizer(tokens, fetchHost(keepsAuthorizationOnRedirect()), options)
  return async (input, init, call) => {
    const exchange = readExchange(input, init, call)
    if (exchange.signal?.aborted) throw exchange.signal.reason
    if (!sendsRequestBody(exchange)) return authorize(exchange)
    try {
      return await authorize(exchange)
    } finally {
      release(exchange)
    }
  }
}

/**
 * A fetch that authorizes the requests to `origins`. Without `fetch` the global one is looked up
 * per call; when this replaces the global, pass `fetch: globalThis.fetch`.
 *
 * @throws ConfigurationError
 */
export function authorizedFetch(
  tokens: TokenSource,
  options: AuthorizationOptions & { fetch?: typeof globalThis.fetch },
): AuthorizedFetch {
  const { fetch: given, ...rest } = readOptions(options, [
    'origins',
    'onForeignOrigin',
    'onEvent',
    'fetch',
  ])
  const inner = readFunction<Fetch>(given, 'fetch')
  const original: unknown = globalThis.fetch
  const authorize = createFetchAuthorizer(tokens, rest as unknown as AuthorizationOptions)

  const wrapper: AuthorizedFetch = async (input, init) => {
    const authorization = init?.countersign
    if (inner !== undefined) return authorize(input, init, { fetch: inner, authorization })
    if ((init as { [sender]?: unknown } | undefined)?.[sender] === wrapper) {
      throw invalidOption(
        'The global fetch leads back here: pass `fetch: globalThis.fetch`.',
        'fetch',
      )
    }
    const current: unknown = globalThis.fetch
    const own = current === wrapper
    const fetch = own ? original : current
    if (typeof fetch !== 'function') {
      throw invalidOption("There is no global fetch: pass the option 'fetch'.", 'fetch')
    }
    const call: FetchCall = { fetch: fetch as Fetch, authorization }
    if (!own) call.sender = wrapper
    return authorize(input, init, call)
  }
  return wrapper
}
