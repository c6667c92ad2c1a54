import type { AccessToken } from '../access-token.js'
import { ForeignOriginError, isCountersignError } from '../errors.js'
import { invalidOption, readFunction, readMethods, readOptions } from '../options.js'
import { withoutPrototype } from '../own-members.js'
import type { TokenSource } from '../token-source.js'
import { isSameOrigin, wasRedirected } from './answered-by.js'
import { bearerChallenge, isAboutToken, loggableScope } from './bearer-challenge.js'
import type { Host } from './host.js'
import { originRule, parseHttpUrl } from './origin-rule.js'
import type { AuthorizationOptions, RequestAuthorization, RequestEvent } from './request-event.js'

/** Without a prototype, so that nothing is in it. */
const none: Readonly<Record<string, string>> = Object.freeze(Object.create(null))

/** What a parser of URLs would write otherwise: blanks, the authority, dots, a fragment. */
const respelt =
  /^[\0-\x20]|[\0-\x20]$|^[^/]*:(?!\/\/[^/\\])|^[^/]*(\/\/)?[^/]*([A-Z@]|:\d*(?=[/?#]|$))|[#\\\t\n\r]|\/\.|%2[eE]/

type Detail = RequestEvent extends infer E
  ? E extends RequestEvent
    ? Omit<E, 'origin' | 'method'>
    : never
  : never

/**
 * The whole exchange, once, for every host. A foreign origin, an opt-out, the caller's own
 * Authorization and the token endpoint are sent untouched. Else stamp and send; on a 401 about our
 * token invalidate it, get the current one, and if it is another and the body can be sent again,
 * discard the 401 and send once more. At most two sends.
 *
 * @returns what sends one request; it rejects with a `CountersignError` when there is no token to
 * be had, and for a foreign origin if `onForeignOrigin` is `'throw'`.
 * @throws {ConfigurationError} for options that cannot work.
 * @example
 * ```ts
 * const authorize = createAuthorizer(tokens, host, { origins: ['https://api.example.com'] })
 * const outcome = await authorize(request)
 * ```
 * @see RFC 6750 sections 2.1 and 3
 */
export function createAuthorizer<Req, Outcome>(
  tokens: TokenSource,
  host: Host<Req, Outcome>,
  options: AuthorizationOptions,
): (request: Req) => Promise<Outcome> {
  const read = readOptions(options, ['origins', 'onForeignOrigin', 'onEvent'])
  const belongs = originRule(read.origins as readonly string[])
  const { onForeignOrigin = 'pass' } = read
  if (onForeignOrigin !== 'pass' && onForeignOrigin !== 'throw') {
    throw invalidOption('onForeignOrigin', "must be 'pass' or 'throw'")
  }
  const onEvent = readFunction<(event: RequestEvent) => unknown>(read.onEvent, 'onEvent')
  if (readMethods(tokens, 'tokens', ['getAccessToken', 'invalidate']) === undefined) {
    throw invalidOption('tokens', 'must be a token provider')
  }

  let endpoint: string | undefined
  let endpointHref: string | undefined
  /** Only then can one of the origins' URLs be it, written otherwise. */
  let hasEndpoint = false

  function isTokenEndpoint(url: string): boolean {
    const current = tokens.tokenEndpoint
    if (current === undefined) return false
    if (current !== endpoint) {
      endpoint = current
      endpointHref = parseHttpUrl(current)?.href ?? current
      hasEndpoint = belongs(endpointHref)
    }
    if (url === endpoint || url === endpointHref) return true
    if (!hasEndpoint || !respelt.test(url)) return false
    return parseHttpUrl(url)?.href.replace(/#.*/, '') === endpointHref
  }

  function refuseForeign(url: string | undefined): void {
    const parsed = url === undefined ? undefined : parseHttpUrl(url)
    if (parsed !== undefined && (belongs(parsed.origin) || isTokenEndpoint(parsed.href))) return
    const origin = parsed?.origin ?? ''
    const named = origin === '' ? 'a URL without an http origin' : origin
    throw new ForeignOriginError(
      `The request goes to ${named}, which is none of 'origins'.`,
      origin,
    )
  }

  function emit(request: Req, url: string, detail: Detail): void {
    if (onEvent === undefined) return
    try {
      const origin = parseHttpUrl(url)?.origin ?? ''
      const done = onEvent({ origin, method: host.method(request), ...detail } as RequestEvent)
      if (done instanceof Promise) done.catch(() => {})
    } catch {}
  }

  /** Judges an answer: true for a 401 about our token. */
  function refusesToken(request: Req, url: string, token: AccessToken, outcome: Outcome): boolean {
    const status = host.status(outcome)
    if (status !== 401 && status !== 403) return false
    const answeredBy = host.answeredBy(outcome)
    if (answeredBy && !isSameOrigin(answeredBy, url)) return false
    const challenge = host.challenge(outcome)
    if (status === 401) return isAboutToken(challenge)
    const { error, scope } = bearerChallenge(challenge)
    if (error === 'insufficient_scope') {
      emit(request, url, { type: 'insufficient-scope', scope: loggableScope(scope, token.value) })
    }
    return false
  }

  async function isReplayable(request: Req): Promise<boolean> {
    try {
      return await host.isReplayable(request)
    } catch {
      return false
    }
  }

  async function afterRefusal(
    request: Req,
    url: string,
    asked: RequestAuthorization | undefined,
    first: Outcome,
    token: AccessToken,
  ): Promise<Outcome> {
    tokens.invalidate(token)
    const withheld = (reason: 'one-shot-body' | 'redirected' | 'same-token' | 'aborted') =>
      emit(request, url, { type: 'replay-withheld', reason })
    if (!isSafe(host.method(request)) && wasRedirected(host, first, url)) {
      withheld('redirected')
      return first
    }
    if (!(await isReplayable(request))) {
      withheld('one-shot-body')
      return first
    }
    let next: AccessToken
    try {
      const current = tokens.currentAccessToken?.(asked)
      next = await host.wait(
        request,
        current !== undefined && current !== token
          ? Promise.resolve(current)
          : tokens.getAccessToken(withoutPrototype({ ...asked, rejected: token })),
      )
    } catch (error) {
      if (!isCountersignError(error)) withheld('aborted')
      host.discard(first)
      throw error
    }
    if (next.value === token.value) {
      withheld('same-token')
      return first
    }
    host.discard(first)
    emit(request, url, { type: 'request-replayed' })
    const second = await host.send(request, { authorization: next.authorization })
    if (refusesToken(request, url, next, second)) tokens.invalidate(next)
    return second
  }

  function sendStamped(
    request: Req,
    url: string,
    asked: RequestAuthorization | undefined,
    token: AccessToken,
  ): Promise<Outcome> {
    // Doubles of fetch may answer without a promise.
    const sent = Promise.resolve(host.send(request, { authorization: token.authorization }))
    return sent.then((first) =>
      refusesToken(request, url, token, first)
        ? afterRefusal(request, url, asked, first, token)
        : first,
    )
  }

  async function waitAndSend(
    request: Req,
    url: string,
    asked: RequestAuthorization | undefined,
  ): Promise<Outcome> {
    const token = await host.wait(request, tokens.getAccessToken(asked))
    return sendStamped(request, url, asked, token)
  }

  function authorize(request: Req): Promise<Outcome> {
    const wanted = host.asked(request)
    const url = host.url(request)
    if (wanted === false || host.hasAuthorization(request)) return host.send(request, none)
    if (url === undefined || !belongs(url)) {
      if (onForeignOrigin === 'throw') refuseForeign(url)
      return host.send(request, none)
    }
    if (isTokenEndpoint(url)) return host.send(request, none)
    const asked = wanted === undefined ? undefined : readAsked(wanted)
    const token = tokens.currentAccessToken?.(asked)
    return token === undefined
      ? waitAndSend(request, url, asked)
      : sendStamped(request, url, asked, token)
  }

  // Not async: with a token at hand, a request costs one promise of ours.
  return (request) => {
    try {
      return authorize(request)
    } catch (error) {
      return Promise.reject(error)
    }
  }
}

/** Read now: the caller may change the object while a token is awaited. */
function readAsked(wanted: RequestAuthorization): RequestAuthorization {
  const { scope, resource } = readOptions(wanted, ['scope', 'resource'], 'countersign')
  const asked: RequestAuthorization = Object.create(null)
  if (scope !== undefined) asked.scope = own(scope)
  if (resource !== undefined) asked.resource = own(resource)
  return asked
}

function own(value: unknown): string | readonly string[] {
  return Array.isArray(value) ? value.slice() : (value as string)
}

function isSafe(method: string): boolean {
  const upper = method.toUpperCase()
  return upper === 'GET' || upper === 'HEAD'
}
