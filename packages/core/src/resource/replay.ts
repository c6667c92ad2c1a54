import type { AccessToken } from '../access-token.js'
import { isCountersignError } from '../errors.js'
import { snapshot } from '../snapshot.js'
import { type Authorizer, emitRequestEvent, type Sent } from './exchange.js'
import { wasRedirected } from './redirects.js'
import { judge, type Verdict } from './rejection.js'

/**
 * After a rejected token: renews it and sends the request once more with the new one. Returns the
 * rejecting answer itself where the request cannot be sent again.
 */
export async function replay<Req, Outcome>(
  authorizer: Authorizer<Req, Outcome>,
  sent: Sent<Req, Outcome>,
  verdict: Verdict,
): Promise<Outcome> {
  const { tokens, host } = authorizer
  const { request, outcome, token } = sent
  invalidate(authorizer, token, verdict)
  const skip = (reason: 'one-shot-body' | 'redirected' | 'same-token') => {
    emitRequestEvent(authorizer, sent, { type: 'replay-withheld', reason })
    return outcome
  }
  if (!isSafe(host.method(request)) && wasRedirected(host, outcome, sent.url))
    return skip('redirected')
  if (!(await isReplayable(authorizer, request))) return skip('one-shot-body')
  const next = await nextToken(authorizer, sent)
  if (next.value === token.value) return skip('same-token')
  host.discard(outcome)
  emitRequestEvent(authorizer, sent, { type: 'request-replayed' })
  const second = await host.send(request, { authorization: next.authorization })
  const secondVerdict = await judge(authorizer, { ...sent, token: next, outcome: second })
  if (secondVerdict !== 'accepted') invalidate({ tokens }, next, secondVerdict)
  return second
}

async function nextToken<Req, Outcome>(
  authorizer: Authorizer<Req, Outcome>,
  sent: Sent<Req, Outcome>,
): Promise<AccessToken> {
  const { tokens, host } = authorizer
  const { request, asked, token, outcome } = sent
  try {
    const current = tokens.currentAccessToken?.(asked)
    return await host.wait(
      request,
      current !== undefined && current !== token
        ? Promise.resolve(current)
        : tokens.getAccessToken(snapshot({ ...asked, rejected: token })),
    )
  } catch (error) {
    if (!isCountersignError(error))
      emitRequestEvent(authorizer, sent, { type: 'replay-withheld', reason: 'aborted' })
    host.discard(outcome)
    throw error
  }
}

/** An uncertain rejection never drops the token. */
function invalidate<Req, Outcome>(
  { tokens }: Pick<Authorizer<Req, Outcome>, 'tokens'>,
  token: AccessToken,
  verdict: Verdict,
): void {
  if (verdict === 'uncertain') tokens.invalidate(token, { isCertain: false })
  else tokens.invalidate(token)
}

async function isReplayable<Req, Outcome>(
  { host }: Authorizer<Req, Outcome>,
  request: Req,
): Promise<boolean> {
  try {
    return await host.isReplayable(request)
  } catch {
    return false
  }
}

function isSafe(method: string): boolean {
  const upper = method.toUpperCase()
  return upper === 'GET' || upper === 'HEAD'
}
