import {
  type CountersignError,
  createTokenProvider,
  isCountersignError,
  TokenEndpointError,
  type TokenEvent,
  type TokenFetch,
  type TokenProviderOptions,
} from '@countersign/core'
import { createFailure, listHints } from '../command-failure.js'
import { createCheck, type LiveRequest } from './report.js'

/**
 * Makes exactly one token request. Core makes a second one after it has corrected its clock by the
 * response. That one is not sent here, and the first error counts.
 */
export async function requestToken(options: TokenProviderOptions): Promise<LiveRequest> {
  const { ok, bad } = createCheck('token-request', 'Token request')
  const events: TokenEvent[] = []
  let requests = 0
  const fetchOnce: TokenFetch = async (url, init) => {
    if (requests > 0) throw new Error('The token request was already made.')
    requests += 1
    return fetch(url, init)
  }
  const tokens = createTokenProvider({
    ...options,
    retries: 0,
    onEvent: (event) => void events.push(event),
    fetch: Object.assign(fetchOnce, { [Symbol.for('countersign.platform-fetch')]: true }),
  })
  try {
    const { scope, expiresAt, issuedAt } = await tokens.getAccessToken()
    const granted = scope === undefined ? 'no scope' : `scope ${scope}`
    const seconds = Math.round((expiresAt - issuedAt) / 1000)
    return {
      check: ok(`Token issued (${granted}, ${seconds} s).`),
      hints: [],
      options: [],
      requests,
    }
  } catch (thrown) {
    const first = events.find((event) => event.type === 'token-request-failed')
    const error = first?.error ?? thrown
    if (!isCountersignError(error)) throw error
    const { message } = await createFailure(error)
    const found = listHints(error)
    const hints = found.length > 0 ? found : [message]
    const suspects = error instanceof TokenEndpointError ? error.options : []
    const isSaid = hints.some((hint) => message.includes(hint.slice(1)))
    const detail = isSaid ? describeResponse(error) : `${error.code}: ${message}`
    return { check: bad(detail), hints, options: suspects, requests }
  }
}

/** Describes the response without its hints, which the report lists. */
function describeResponse(error: CountersignError): string {
  if (!(error instanceof TokenEndpointError)) return `${error.code}.`
  const { code, status, error: oauthError, errorDescription } = error
  const name = oauthError === undefined ? '' : ` '${oauthError}'`
  const words = errorDescription === undefined ? '' : ` The server reports: "${errorDescription}".`
  return `${code}: the token endpoint answered ${status}${name}.${words}`
}
