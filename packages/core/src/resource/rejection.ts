import { isSameOrigin } from '../http-url.js'
import { bearerChallenge, isAboutToken, loggableScope } from './bearer-challenge.js'
import { type Authorizer, emitRequestEvent, type Host, type Sent } from './exchange.js'
import { wasRedirected } from './redirects.js'

/**
 * What an answer says of the token that was sent. `uncertain`: a 401 after redirects that the HTTP
 * client does not show, so that the API may have seen the request without its token.
 */
export type Verdict = 'accepted' | 'rejected' | 'uncertain'

/** Whether an answer has to be judged at all: most do not, and cost nothing more. */
export function isTelling<Req, Outcome>(
  { host, isTokenRejected }: Authorizer<Req, Outcome>,
  outcome: Outcome,
): boolean {
  const status = host.status(outcome)
  return status === 401 || status === 403 || (isTokenRejected !== undefined && status !== undefined)
}

/** Judges an answer to a request that carried the token. */
export function judge<Req, Outcome>(
  authorizer: Authorizer<Req, Outcome>,
  sent: Sent<Req, Outcome>,
): Verdict | Promise<Verdict> {
  const { host, isTokenRejected } = authorizer
  const { outcome, url } = sent
  if (!isTelling(authorizer, outcome)) return 'accepted'
  const status = host.status(outcome)
  const answeredBy = host.answeredBy(outcome)
  if (answeredBy && !isSameOrigin(answeredBy, url)) return 'accepted'
  if (leftOrigin(host, outcome)) return 'accepted'
  if (status === 403) reportScope(authorizer, sent)
  if (isTokenRejected !== undefined) return decide(authorizer, sent)
  return status === 401 && isAboutToken(host.challenge(outcome))
    ? weigh(authorizer, sent)
    : 'accepted'
}

/** Whether the rejected request is known to have carried the token. */
function weigh<Req, Outcome>(
  { host }: Authorizer<Req, Outcome>,
  { outcome, url }: Sent<Req, Outcome>,
): Verdict {
  const showsRedirects = leftOrigin(host, outcome) !== undefined
  return !showsRedirects && wasRedirected(host, outcome, url) ? 'uncertain' : 'rejected'
}

/** Undefined where redirects are not visible. */
function leftOrigin<Req, Outcome>(host: Host<Req, Outcome>, outcome: Outcome): boolean | undefined {
  return typeof host.leftOrigin === 'function' ? host.leftOrigin(outcome) : undefined
}

/** A caller's abort or timeout ends the wait for an answer that does not come. */
async function decide<Req, Outcome>(
  authorizer: Authorizer<Req, Outcome>,
  sent: Sent<Req, Outcome>,
): Promise<Verdict> {
  const { host } = authorizer
  const answer = ask(authorizer, sent)
  try {
    const isRejected = typeof answer === 'boolean' ? answer : await host.wait(sent.request, answer)
    return isRejected ? weigh(authorizer, sent) : 'accepted'
  } catch (error) {
    host.discard(sent.outcome)
    throw error
  }
}

function ask<Req, Outcome>(
  authorizer: Authorizer<Req, Outcome>,
  sent: Sent<Req, Outcome>,
): boolean | Promise<boolean> {
  const { host, isTokenRejected = () => false } = authorizer
  const fail = () => {
    emitRequestEvent(authorizer, sent, { type: 'rejection-check-failed' })
    return false
  }
  try {
    const answer: unknown =
      typeof host.check === 'function'
        ? host.check(sent.outcome, isTokenRejected)
        : isTokenRejected(sent.outcome)
    if (typeof answer === 'boolean') return answer
    return Promise.resolve(answer).then((settled) => settled === true, fail)
  } catch {
    return fail()
  }
}

function reportScope<Req, Outcome>(
  authorizer: Authorizer<Req, Outcome>,
  sent: Sent<Req, Outcome>,
): void {
  const { error, scope } = bearerChallenge(authorizer.host.challenge(sent.outcome))
  if (error !== 'insufficient_scope') return
  emitRequestEvent(authorizer, sent, {
    type: 'insufficient-scope',
    scope: loggableScope(scope, sent.token.value),
  })
}
