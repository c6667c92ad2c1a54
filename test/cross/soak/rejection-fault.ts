import { isCountersignError } from '@countersign/core'
import type { Rejection } from './call.ts'

/** The default of `timeout`: no flight lasts longer. */
export const flightMs = 10_000
const longestHoldOffMs = 30_000

/**
 * What is wrong with a rejection while the token endpoint is down: undefined when it is this
 * library's own error, came before the flight's deadline, and only within its hold-off.
 */
export function rejectionFault({ error, startedAt, tookMs }: Rejection): string | undefined {
  const { cause } = error as { cause?: unknown }
  const ours = isCountersignError(error) ? error : isCountersignError(cause) ? cause : undefined
  if (ours === undefined) return `rejected: ${String(error)}`
  const { code, nextAttemptAt } = ours
  if (code !== 'ERR_TOKEN_NETWORK') return `rejected: ${code}`
  if (tookMs >= flightMs) return 'rejected after the deadline of the flight'
  if (nextAttemptAt === undefined) return 'rejected without nextAttemptAt'
  if (startedAt > nextAttemptAt) return 'rejected after the hold-off was over'
  if (nextAttemptAt - (startedAt + tookMs) > longestHoldOffMs) return 'held off for more than 30 s'
  return undefined
}
