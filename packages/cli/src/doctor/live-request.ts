import {
  type CountersignError,
  createTokenProvider,
  isCountersignError,
  TokenEndpointError,
  type TokenEvent,
  type TokenFetch,
  type TokenProviderOptions,
} from '@countersign/core'
import { optionNotes } from '../option-flags.js'
import { type Check, check } from './check.js'
import type { LiveOutcome } from './diagnosis.js'

/** The outcome of the token request, and how many were sent: never more than one. */
export interface LiveRequest {
  readonly check: Check
  readonly outcome: LiveOutcome
  readonly requests: number
}

/**
 * Makes exactly one token request. Core would make another after it corrected its clock by the
 * response; that one is not sent here, and the first error counts.
 */
export async function liveRequest(options: TokenProviderOptions): Promise<LiveRequest> {
  const { ok, bad } = check('token-request', 'Token request')
  const events: TokenEvent[] = []
  let requests = 0
  const fetchOnce: TokenFetch = async (url, init) => {
    if (requests > 0) throw new Error('The one token request was already made.')
    requests += 1
    return fetch(url, init)
  }
  const platformFetch = Object.assign(fetchOnce, {
    [Symbol.for('countersign.platform-fetch')]: true,
  })
  const onEvent = (event: TokenEvent) => void events.push(event)
  const tokens = createTokenProvider({ ...options, retries: 0, onEvent, fetch: platformFetch })
  try {
    const { scope, expiresAt, issuedAt } = await tokens.getAccessToken()
    const seconds = Math.round((expiresAt - issuedAt) / 1000)
    const found = ok(`A token for ${scope ?? 'no scope in particular'}, good for ${seconds} s.`)
    return { check: found, outcome: { isIssued: true, hints: [], options: [] }, requests }
  } catch (thrown) {
    const first = events.find((event) => event.type === 'token-request-failed')
    const error = first?.error ?? thrown
    if (!isCountersignError(error)) throw error
    const given = 'hints' in error ? (error.hints as readonly string[]) : []
    const hints = given.length > 0 ? given : [error.message]
    const options = error instanceof TokenEndpointError ? error.options : []
    return { check: bad(answerOf(error)), outcome: { isIssued: false, hints, options }, requests }
  }
}

/** What came of the request, without the hints, which the report lists. */
function answerOf(error: CountersignError): string {
  const notes = optionNotes(error)
  if (!(error instanceof TokenEndpointError)) return [`${error.code}.`, ...notes].join(' ')
  const { code, status, error: oauthError, errorDescription } = error
  const answer = oauthError === undefined ? `${status}` : `${status} '${oauthError}'`
  const said = errorDescription === undefined ? [] : [`The server says: "${errorDescription}".`]
  return [`${code}: the token endpoint answered ${answer}.`, ...said, ...notes].join(' ')
}
