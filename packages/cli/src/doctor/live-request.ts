import {
  createTokenProvider,
  isCountersignError,
  type TokenEvent,
  type TokenProviderOptions,
} from '@countersign/core'
import { inFlags } from '../library-words.js'
import { type Check, check } from './check.js'
import type { LiveOutcome } from './diagnosis.js'

/** The outcome of the token request, and how many were sent: never more than one. */
export interface LiveRequest {
  readonly check: Check
  readonly outcome: LiveOutcome
  readonly requests: number
}

/**
 * Exactly one token request, whatever comes of it. The core would make one more by a clock that it
 * has learnt from the refusal; here that one goes nowhere, and the first error counts.
 */
export async function liveRequest(options: TokenProviderOptions): Promise<LiveRequest> {
  const { ok, bad } = check('token-request', 'Token request')
  const events: TokenEvent[] = []
  let requests = 0
  const { fetch } = globalThis
  // Not the option of that name: what the platform's own fetch passes by would not be told.
  globalThis.fetch = async (...request) => {
    if (requests > 0) throw new Error('There is one token request, and it is over.')
    requests += 1
    return fetch(...request)
  }
  const onEvent = (event: TokenEvent) => void events.push(event)
  const tokens = createTokenProvider({ ...options, retries: 0, onEvent })
  try {
    const { scope, expiresAt, issuedAt } = await tokens.getAccessToken()
    const seconds = Math.round((expiresAt - issuedAt) / 1000)
    const found = ok(`A token for ${scope ?? 'no scope in particular'}, good for ${seconds} s.`)
    return { check: found, outcome: { isIssued: true, hints: [] }, requests }
  } catch (thrown) {
    const first = events.find((event) => event.type === 'token-request-failed')
    const error = first?.error ?? thrown
    if (!isCountersignError(error)) throw error
    const hints = 'hints' in error ? (error.hints as readonly string[]) : []
    const told = (hints.length > 0 ? hints : [error.message]).map(inFlags)
    const outcome = { isIssued: false, hints: told }
    return { check: bad(`${error.code}: ${inFlags(error.message)}`), outcome, requests }
  } finally {
    globalThis.fetch = fetch
  }
}
