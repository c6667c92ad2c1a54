import { isSameOrigin, parseHttpUrl } from '../http-url.js'
import { isAboutToken, parseBearerChallenge, readLoggableScope } from './bearer-challenge.js'
import { type Authorizer, emitRequestEvent, type HttpClient, type Sent } from './exchange.js'

/**
 * The judgement of an answer to a request with a token. `uncertain`: a 401 after redirects that the
 * HTTP client does not show, so that the API may have seen the request without its token.
 */
export type Verdict = 'accepted' | 'rejected' | 'uncertain'

/** Whether an answer has to be judged at all. Most do not, and cost nothing more. */
export function isTelling<R, O>(
  { client, isTokenRejected }: Authorizer<R, O>,
  outcome: O,
): boolean {
  const status = client.status(outcome)
  return status === 401 || status === 403 || (isTokenRejected !== undefined && status !== undefined)
}

/** Judges an answer to a request that carried the token. */
export function judge<R, O>(
  authorizer: Authorizer<R, O>,
  sent: Sent<R, O>,
): Verdict | Promise<Verdict> {
  const { client, isTokenRejected } = authorizer
  const { outcome, url } = sent
  if (!isTelling(authorizer, outcome)) return 'accepted'
  const status = client.status(outcome)
  const responseUrl = client.responseUrl(outcome)
  if ((responseUrl && !isSameOrigin(responseUrl, url)) || hasLeftOrigin(client, outcome))
    return 'accepted'
  if (status === 403) reportScope(authorizer, sent)
  if (isTokenRejected !== undefined) return decide(authorizer, sent, isTokenRejected)
  const isRejected = status === 401 && isAboutToken(client.challenge(outcome))
  return isRejected ? weigh(client, sent) : 'accepted'
}

/** Whether the rejected request is known to have carried the token. */
function weigh<R, O>(client: HttpClient<R, O>, { outcome, url }: Sent<R, O>): Verdict {
  const showsRedirects = hasLeftOrigin(client, outcome) !== undefined
  return !showsRedirects && isRedirected(client, outcome, url) ? 'uncertain' : 'rejected'
}

/** A caller's abort or timeout ends the wait for an answer that does not come. */
async function decide<R, O>(
  authorizer: Authorizer<R, O>,
  sent: Sent<R, O>,
  isTokenRejected: NonNullable<Authorizer<R, O>['isTokenRejected']>,
): Promise<Verdict> {
  const { client } = authorizer
  const { outcome, request } = sent
  const check = async () =>
    typeof client.check === 'function'
      ? client.check(outcome, isTokenRejected)
      : isTokenRejected(outcome)
  const answer = check().catch(() => {
    emitRequestEvent(authorizer, sent, { type: 'rejection-check-failed' })
    return false
  })
  try {
    return (await client.wait(request, answer)) === true ? weigh(client, sent) : 'accepted'
  } catch (error) {
    client.discard(outcome)
    throw error
  }
}

function reportScope<R, O>(authorizer: Authorizer<R, O>, sent: Sent<R, O>): void {
  const { error, scope } = parseBearerChallenge(authorizer.client.challenge(sent.outcome))
  if (error !== 'insufficient_scope') return
  emitRequestEvent(authorizer, sent, {
    type: 'insufficient-scope',
    scope: readLoggableScope(scope, sent.token.value),
  })
}

// The two optional methods below are not functions where they are found on a polluted prototype.

/** Undefined where redirects are not visible. */
function hasLeftOrigin<R, O>(client: HttpClient<R, O>, outcome: O): boolean | undefined {
  return typeof client.hasLeftOrigin === 'function' ? client.hasLeftOrigin(outcome) : undefined
}

/** Whether the answer came from another URL than the one that was sent, if the client shows it. */
export function isRedirected<R, O>(client: HttpClient<R, O>, outcome: O, url: string): boolean {
  if (typeof client.isRedirected === 'function' && client.isRedirected(outcome) === true)
    return true
  const responseUrl = client.responseUrl(outcome)
  return Boolean(responseUrl) && removeFragment(responseUrl as string) !== removeFragment(url)
}

function removeFragment(url: string): string {
  return (parseHttpUrl(url)?.href ?? url).replace(/#.*/s, '')
}
