import type { AccessToken } from '../access-token.js'
import { isCountersignError } from '../errors.js'
import { snapshot } from '../snapshot.js'
import type { TokenSource } from '../token-source.js'
import { type Authorizer, emitRequestEvent, type Sent } from './exchange.js'
import { isRedirected, judge, type Verdict } from './rejection.js'

/**
 * Judges the answer. After a rejected token it renews the token and sends the request again.
 * Returns the rejecting answer itself if the request cannot be sent again.
 */
export async function settle<R, O>(authorizer: Authorizer<R, O>, sent: Sent<R, O>): Promise<O> {
  const { tokens, client } = authorizer
  const { request, outcome, token, url } = sent
  const verdict = await judge(authorizer, sent)
  if (verdict === 'accepted') return outcome
  invalidate(tokens, token, verdict)
  const skip = (reason: 'one-shot-body' | 'redirected' | 'same-token') => {
    emitRequestEvent(authorizer, sent, { type: 'replay-skipped', reason })
    return outcome
  }
  const isSafe = /^(GET|HEAD)$/i.test(client.method(request))
  if (!isSafe && isRedirected(client, outcome, url)) return skip('redirected')
  const isReplayable = (async () => client.isReplayable(request))()
  if (!(await isReplayable.catch(() => false))) return skip('one-shot-body')
  const next = await renewToken(authorizer, sent)
  if (next.value === token.value) return skip('same-token')
  client.discard(outcome)
  emitRequestEvent(authorizer, sent, { type: 'request-replayed' })
  const second = await client.send(request, { authorization: next.authorization })
  invalidate(tokens, next, await judge(authorizer, { ...sent, token: next, outcome: second }))
  return second
}

/** An uncertain rejection never drops the token. */
function invalidate(tokens: TokenSource, token: AccessToken, verdict: Verdict): void {
  if (verdict !== 'accepted') tokens.invalidate(token, { isCertain: verdict === 'rejected' })
}

async function renewToken<R, O>(
  authorizer: Authorizer<R, O>,
  sent: Sent<R, O>,
): Promise<AccessToken> {
  const { tokens, client } = authorizer
  const { request, asked, token, outcome } = sent
  try {
    const renewed = tokens.getAccessToken(snapshot({ ...asked, rejected: token }))
    return await client.wait(request, renewed)
  } catch (error) {
    if (!isCountersignError(error))
      emitRequestEvent(authorizer, sent, { type: 'replay-skipped', reason: 'aborted' })
    client.discard(outcome)
    throw error
  }
}
