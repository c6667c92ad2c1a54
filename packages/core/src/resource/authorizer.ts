import type { AccessToken } from '../access-token.js'
import { ForeignOriginError } from '../errors.js'
import { parseHttpUrl } from '../http-url.js'
import { invalidOption, readFunction, readMethods, readOptions } from '../options.js'
import { snapshot } from '../snapshot.js'
import type { TokenSource } from '../token-source.js'
import type { Authorizer, Exchange, Host, Sent } from './exchange.js'
import { originRule } from './origin-rule.js'
import { isTelling, judge } from './rejection.js'
import { replay } from './replay.js'
import type { AuthorizationOptions, RequestAuthorization, RequestEvent } from './request-event.js'
import { createTokenEndpointRule } from './token-endpoint-rule.js'

const none: Readonly<Record<string, string>> = Object.freeze(snapshot({}))

/**
 * The whole exchange, once, for every host. A request to another origin, an opt-out, a request with
 * an `Authorization` of its own and one to the token endpoint are sent untouched. Any other carries
 * the token. If the answer rejects it, the token is renewed, and the request is sent once more with
 * the new token if its body allows it.
 *
 * @returns what sends one request; it rejects with a `CountersignError` when a token cannot be
 * obtained, and for another origin if `onForeignOrigin` is `'throw'`.
 * @throws {ConfigurationError} for options that cannot work.
 * @example
 * ```ts
 * const authorize = createAuthorizer(tokens, host, { origins: ['https://api.example.com'] })
 * const outcome = await authorize(request)
 * ```
 * @see RFC 6750 sections 2.1 and 3
 */
export function createAuthorizer<Req, Outcome, Answer>(
  tokens: TokenSource,
  host: Host<Req, Outcome, Answer>,
  options: AuthorizationOptions<Answer>,
): (request: Req) => Promise<Outcome> {
  const { belongs, onForeignOrigin, ...read } = readAuthorizationOptions(options)
  if (readMethods(tokens, 'tokens', ['getAccessToken', 'invalidate']) === undefined) {
    throw invalidOption('tokens', 'must be a token provider')
  }
  const authorizer: Authorizer<Req, Outcome> = { tokens, host, ...read }
  const isTokenEndpoint = createTokenEndpointRule(tokens, belongs)

  function requireListed(url: string | undefined): void {
    const parsed = url === undefined ? undefined : parseHttpUrl(url)
    if (parsed !== undefined && (belongs(parsed.origin) || isTokenEndpoint(parsed.href))) return
    const origin = parsed?.origin ?? ''
    const named = origin === '' ? 'a URL without an http origin' : origin
    throw new ForeignOriginError(
      `The request goes to ${named}, which is none of 'origins'.`,
      origin,
    )
  }

  function authorize(request: Req): Promise<Outcome> {
    const wanted = host.asked(request)
    const url = host.url(request)
    if (wanted === false || host.hasAuthorization(request)) return host.send(request, none)
    if (url === undefined || !belongs(url)) {
      if (onForeignOrigin === 'throw') requireListed(url)
      return host.send(request, none)
    }
    if (isTokenEndpoint(url)) return host.send(request, none)
    const asked = wanted === undefined ? undefined : readAsked(wanted)
    const token = tokens.currentAccessToken?.(asked)
    const exchange = { request, url, asked }
    return token === undefined
      ? waitAndSend(authorizer, exchange)
      : sendStamped(authorizer, exchange, token)
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

async function waitAndSend<Req, Outcome>(
  authorizer: Authorizer<Req, Outcome>,
  exchange: Exchange<Req>,
): Promise<Outcome> {
  const { tokens, host } = authorizer
  const token = await host.wait(exchange.request, tokens.getAccessToken(exchange.asked))
  return sendStamped(authorizer, exchange, token)
}

function sendStamped<Req, Outcome>(
  authorizer: Authorizer<Req, Outcome>,
  exchange: Exchange<Req>,
  token: AccessToken,
): Promise<Outcome> {
  const { authorization } = token
  // Doubles of fetch may answer without a promise.
  const answered = Promise.resolve(authorizer.host.send(exchange.request, { authorization }))
  return answered.then((outcome) =>
    isTelling(authorizer, outcome) ? settle(authorizer, { ...exchange, token, outcome }) : outcome,
  )
}

async function settle<Req, Outcome>(
  authorizer: Authorizer<Req, Outcome>,
  sent: Sent<Req, Outcome>,
): Promise<Outcome> {
  const verdict = await judge(authorizer, sent)
  return verdict === 'accepted' ? sent.outcome : replay(authorizer, sent, verdict)
}

function readAuthorizationOptions<Answer>(options: AuthorizationOptions<Answer>) {
  const names = ['origins', 'onForeignOrigin', 'isTokenRejected', 'onEvent'] as const
  const read = readOptions(options, names)
  const belongs = originRule(read.origins as readonly string[])
  const { onForeignOrigin = 'pass' } = read
  if (onForeignOrigin !== 'pass' && onForeignOrigin !== 'throw') {
    throw invalidOption('onForeignOrigin', "must be 'pass' or 'throw'")
  }
  return {
    belongs,
    onForeignOrigin,
    isTokenRejected: readFunction<NonNullable<Authorizer<unknown, unknown>['isTokenRejected']>>(
      read.isTokenRejected,
      'isTokenRejected',
    ),
    onEvent: readFunction<(event: RequestEvent) => unknown>(read.onEvent, 'onEvent'),
  }
}

/** Read at once: the object may change while a token is awaited. */
function readAsked(wanted: RequestAuthorization): RequestAuthorization {
  const asked = readOptions(wanted, ['scope', 'resource'], 'countersign')
  if (Array.isArray(asked.scope)) asked.scope = asked.scope.slice()
  if (Array.isArray(asked.resource)) asked.resource = asked.resource.slice()
  return asked as RequestAuthorization
}
