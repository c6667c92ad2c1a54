import type { AccessToken } from '../access-token.js'
import { isCountersignError } from '../errors.js'
import { snapshot } from '../snapshot.js'
import type { TokenSource } from '../token-source.js'
import { type Authorizer, emitRequestEvent, type Sent } from './exchange.js'
import { judge, type Verdict, wasRedirected } from './rejection.js'

/**
 * After a rejected token: renews it and sends the request once more with the new one. Returns the
 * rejecting answer itself if the request cannot be sent again.
 */
export async function replay<R, O>(
  authorizer: Authorizer<R, O>,
  sent: Sent<R, O>,
  verdict: Verdict,
): Promise<O> {
  const { tokens, client } = authorizer
  const { request, outcome, token, url } = sent
  invalidate(tokens, token, verdict)
  const skip = (reason: 'one-shot-body' | 'redirected' | 'same-token') => {
    emitRequestEvent(authorizer, sent, { type: 'replay-withheld', reason })
    return outcome
  }
  const isSafe = /^(GET|HEAD)$/i.test(client.method(request))
  if (!isSafe && wasRedirected(client, outcome, url)) return skip('redirected')
  if (!(await isReplayable(authorizer, request))) return skip('one-shot-body')
  const next = await renewToken(authorizer, sent)
  if (next.value === token.value) return skip('same-token')
  client.discard(outcome)
  emitRequestEvent(authorizer, sent, { type: 'request-replayed' })
  const second = await client.send(request, { authorization: next.authorization })
  invalidate(tokens, next, await judge(authorizer, { ...sent, token: next, outcome: second }))
  return second
}

async function renewToken<R, O>(
  authorizer: Authorizer<R, O>,
  sent: Sent<R, O>,
): Promise<AccessToken> {
  const { tokens, client } = authorizer
  const { request, asked, token, outcome } = sent
  try {
    const current = tokens.currentAccessToken?.(asked)
    const isRenewed = current !== undefined && current !== token
    return await client.wait(
      request,
      isRenewed
        ? Promise.resolve(current)
        : tokens.getAccessToken(snapshot({ ...asked, rejected: token })),
    )
  } catch (error) {
    if (!isCountersignError(error))
      emitRequestEvent(authorizer, sent, { type: 'replay-withheld', reason: 'aborted' })
    client.discard(outcome)
    throw error
  }
}

/** An uncertain rejection never drops the token. */
function invalidate(tokens: TokenSource, token: AccessToken, verdict: Verdict): void {
  if (verdict === 'uncertain') tokens.invalidate(token, { isCertain: false })
  else if (verdict === 'rejected') tokens.invalidate(token)
}

async function isReplayable<R, O>({ client }: Authorizer<R, O>, request: R): Promise<boolean> {
  try {
    return await client.isReplayable(request)
  } catch {
    return false
  }
}
