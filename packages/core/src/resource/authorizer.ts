import type { AccessToken } from '../access-token.js'
import { ForeignOriginError } from '../errors.js'
import { createReport } from '../events.js'
import { parseHttpUrl } from '../http-url.js'
import * as option from '../options.js'
import type { TokenSource } from '../token-source.js'
import type { Authorizer, Exchange, HttpClient } from './exchange.js'
import { createOriginRule, createTokenEndpointRule } from './origins.js'
import { isTelling } from './rejection.js'
import { settle } from './replay.js'
import type { AuthorizationOptions, RequestAuthorization, RequestEvent } from './request-event.js'
import { createSkippedSend, untouched } from './skipped.js'

export const authorizationTable = {
  origins: createOriginRule as option.ReadOption<(url: string) => boolean>,
  onForeignOrigin: option.oneOf('pass', 'throw'),
  isTokenRejected: option.callback<(response: unknown) => boolean | Promise<boolean>>(),
  onEvent: option.callback<(event: RequestEvent) => unknown>(),
} satisfies option.OptionTable<AuthorizationOptions>

/**
 * Creates a function that sends a request with the token, for every HTTP client. A request to
 * another origin, an opt-out, a request with its own `Authorization` and one to the token endpoint
 * are sent untouched. If the answer rejects the token, the token is renewed, and the request is
 * sent again with the new token, once, if its body allows it.
 *
 * @param tokens - The provider of the tokens.
 * @param client - How the HTTP client names a URL, a method, a body and a status.
 * @param options - The options of every adapter.
 * @returns a function that sends one request. It rejects with a `CountersignError` when a token
 * cannot be obtained, and for another origin if `onForeignOrigin` is `'throw'`.
 * @throws {ConfigurationError} for options that cannot work.
 * @example
 * ```ts
 * const authorize = createAuthorizer(tokens, client, { origins: ['https://api.example.com'] })
 * const outcome = await authorize(request)
 * ```
 * @see RFC 6750 sections 2.1 and 3
 */
export function createAuthorizer<Req, Outcome, Answer>(
  tokens: TokenSource,
  client: HttpClient<Req, Outcome, Answer>,
  options: AuthorizationOptions<Answer>,
): (request: Req) => Promise<Outcome> {
  return authorizeWith(tokens, client, option.readOptions(options, authorizationTable))
}

/**
 * Requires that the argument `tokens` of an adapter is a token provider.
 *
 * @throws {ConfigurationError} naming the argument.
 * @example
 * ```ts
 * requireTokenSource(tokens)
 * ```
 */
export function requireTokenSource(tokens: TokenSource): void {
  const { getAccessToken, invalidate } = Object(tokens) as Partial<TokenSource>
  option.requireArgument(
    typeof getAccessToken === 'function' && typeof invalidate === 'function',
    'tokens',
    'must be a token provider, such as the one that createTokenProvider returns',
  )
}

/** The same, with options that have been read. */
export function authorizeWith<R, O>(
  tokens: TokenSource,
  client: HttpClient<R, O>,
  settings: option.Settings<typeof authorizationTable>,
): (request: R) => Promise<O> {
  const { origins: belongs, onForeignOrigin, isTokenRejected, onEvent } = settings
  requireTokenSource(tokens)
  const isClient = typeof client?.send === 'function'
  option.requireArgument(isClient, 'client', 'must have the methods of an HttpClient')
  const report = createReport(onEvent)
  const authorizer: Authorizer<R, O> = { tokens, client, isTokenRejected, report }
  const isTokenEndpoint = createTokenEndpointRule(tokens, belongs)
  const sendSkipped = createSkippedSend(authorizer, isTokenEndpoint)

  function authorize(request: R): Promise<O> {
    const requested = client.authorization(request)
    const url = client.url(request)
    if (requested === false) return sendSkipped({ request, url }, 'opted-out')
    const hasOwn = client.hasAuthorization(request)
    if (url === undefined || !belongs(url)) {
      if (!hasOwn && onForeignOrigin === 'throw') requireListed(url)
      return sendSkipped({ request, url }, 'foreign-origin')
    }
    if (hasOwn) return sendSkipped({ request, url }, 'own-authorization')
    if (isTokenEndpoint(url)) return client.send(request, untouched)
    const asked = requested && option.readOptions(requested, requestTable, { owner: 'countersign' })
    const token = tokens.currentAccessToken?.(asked)
    const exchange = { request, url, asked }
    if (token !== undefined) return sendWithToken(authorizer, exchange, token)
    const awaited = client.wait(request, tokens.getAccessToken(asked))
    return awaited.then((token) => sendWithToken(authorizer, exchange, token))
  }

  function requireListed(url: string | undefined): void {
    const parsed = url === undefined ? undefined : parseHttpUrl(url)
    if (parsed !== undefined && (belongs(parsed.origin) || isTokenEndpoint(parsed.href))) return
    const origin = parsed?.origin ?? ''
    const target = origin === '' ? 'a URL without an http origin' : origin
    const message = `Blocked request to ${target}: it is not listed in 'origins'.`
    throw new ForeignOriginError('ERR_FOREIGN_ORIGIN', message, { origin })
  }

  // Not async: with a token at hand, a request costs one promise.
  return (request) => {
    try {
      return authorize(request)
    } catch (error) {
      return Promise.reject(error)
    }
  }
}

const requestTable = {
  scope: copyList<RequestAuthorization['scope']>,
  resource: copyList<RequestAuthorization['resource']>,
} satisfies option.OptionTable<RequestAuthorization>

/** The provider checks the list. Its members must not change while a token is awaited. */
function copyList<T>(value: unknown): T {
  return (Array.isArray(value) ? value.slice() : value) as T
}

function sendWithToken<R, O>(
  authorizer: Authorizer<R, O>,
  exchange: Exchange<R>,
  token: AccessToken,
): Promise<O> {
  const { authorization } = token
  // A mock of fetch may answer without a promise.
  const answer = Promise.resolve(authorizer.client.send(exchange.request, { authorization }))
  return answer.then((outcome) =>
    isTelling(authorizer, outcome) ? settle(authorizer, { ...exchange, token, outcome }) : outcome,
  )
}
