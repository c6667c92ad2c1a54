import { createHash, randomUUID } from 'node:crypto'
import { isCountersignError } from '@countersign/core'
import type { Answer, Host } from './hosts.ts'
import type { Tally } from './tally.ts'

/** A call that rejected. */
export interface Rejection {
  readonly error: unknown
  /** Epoch milliseconds. */
  readonly startedAt: number
  readonly tookMs: number
}

export interface Call {
  readonly clientId: string
  readonly host: Host
  readonly tally: Tally
  /** Sends a POST with a JSON body that no other call has, in place of a GET. */
  readonly isPost: boolean
  /** Returns why a rejection is not the expected one. By default no rejection is expected. */
  readonly findRejectionFault?: ((rejection: Rejection) => string | undefined) | undefined
}

/** The default of `timeout`. No token request in flight lasts longer. */
export const timeoutMs = 10_000
const maxHoldOffMs = 30_000

/** Sends one request and adds its outcome to the tally. Never rejects. */
export async function call({
  clientId,
  host,
  tally,
  isPost,
  findRejectionFault = describeRejection,
}: Call): Promise<void> {
  const body = isPost ? { id: randomUUID(), note: 'n'.repeat(200) } : undefined
  const startedAt = Date.now()
  const since = performance.now()
  const end = (fault: string | undefined, expected: 'answered' | 'without-token') =>
    tally.end(fault === undefined ? expected : { lost: fault }, performance.now() - since)
  tally.start()
  try {
    end(findAnswerFault(await host.send(body), { clientId, body }), 'answered')
  } catch (error) {
    const tookMs = performance.now() - since
    end(findRejectionFault({ error, startedAt, tookMs }), 'without-token')
  }
}

function describeRejection({ error }: Rejection): string {
  const { code, message } = error as { code?: unknown; message?: unknown }
  return `rejected: ${code ?? message ?? error}`
}

/** Returns what is wrong with an answer of the API, if anything is. */
export function findAnswerFault(
  { status, text }: Answer,
  { clientId, body }: { clientId: string; body: object | undefined },
): string | undefined {
  if (status !== 200) return `answered ${status}`
  const answer = parseAnswer(text)
  if (answer === undefined) return 'answered 200 without JSON'
  if (answer.clientId !== clientId) return 'sent with the token of another client'
  const sent = body === undefined ? '' : JSON.stringify(body)
  return answer.bodyDigest === digest(sent) ? undefined : 'its body did not arrive intact'
}

export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function parseAnswer(text: string): { clientId?: unknown; bodyDigest?: unknown } | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Returns why an error is not the one of an outage: a network error, in time, within a hold-off. */
export function findOutageFault({ error, startedAt, tookMs }: Rejection): string | undefined {
  const { cause } = error as { cause?: unknown }
  const found = [error, cause].find(isCountersignError)
  if (found === undefined) return `rejected: ${String(error)}`
  const { code, nextAttemptAt } = found
  if (code !== 'ERR_TOKEN_NETWORK') return `rejected: ${code}`
  if (tookMs >= timeoutMs) return 'rejected after the timeout of the token request'
  if (nextAttemptAt === undefined) return 'rejected without nextAttemptAt'
  if (startedAt > nextAttemptAt) return 'rejected after the hold-off'
  return nextAttemptAt - (startedAt + tookMs) > maxHoldOffMs ? 'held off for over 30 s' : undefined
}
