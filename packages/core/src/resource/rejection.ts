import { isSameOrigin } from '../http-url.js'
import { bearerChallenge, isAboutToken, loggableScope } from './bearer-challenge.js'
import { type Authorizer, emitRequestEvent, type Sent } from './exchange.js'
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
  if (status === 403) reportScope(authorizer, sent)
  if (isTokenRejected !== undefined) return ask(authorizer, sent)
  return status === 401 && isAboutToken(host.challenge(outcome))
    ? weigh(authorizer, sent)
    : 'accepted'
}

/** Whether it was this request, and not one that another origin sent back here, that was rejected. */
function weigh<Req, Outcome>(
  { host }: Authorizer<Req, Outcome>,
  { outcome, url }: Sent<Req, Outcome>,
): Verdict {
  const leftOrigin = host.leftOrigin?.(outcome)
  if (leftOrigin) return 'accepted'
  return leftOrigin === undefined && wasRedirected(host, outcome, url) ? 'uncertain' : 'rejected'
}

async function ask<Req, Outcome>(
  authorizer: Authorizer<Req, Outcome>,
  sent: Sent<Req, Outcome>,
): Promise<Verdict> {
  const { host, isTokenRejected } = authorizer
  try {
    const response = host.response === undefined ? sent.outcome : host.response(sent.outcome)
    const isRejected = await isTokenRejected?.(response)
    return isRejected === true ? weigh(authorizer, sent) : 'accepted'
  } catch {
    emitRequestEvent(authorizer, sent, { type: 'rejection-check-failed' })
    return 'accepted'
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
