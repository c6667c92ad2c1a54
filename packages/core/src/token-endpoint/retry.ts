/** May the same request, with a new assertion, be answered otherwise in a moment? */
export function isRetryableStatus(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501)
}

/** Full jitter over 200 ms x 2^n, n = 0 for the first retry. */
export function backoff(retry: number, random: number): number {
  return random * 200 * 2 ** retry
}

/**
 * `Retry-After` (RFC 9110 section 10.2.3) in milliseconds from now; undefined for what is missing,
 * garbage or past. A date is read against the server's own `Date`, where there is one.
 */
export function retryAfter(headers: Headers, now: number): number | undefined {
  const value = headers.get('retry-after')?.trim()
  if (!value) return undefined
  if (/^\d+$/.test(value)) return Number(value) * 1000 || undefined
  if (!/^[A-Z][a-z]{2,8},? /.test(value)) return undefined
  const serverNow = Date.parse(headers.get('date') ?? '')
  const wait = Date.parse(value) - (Number.isNaN(serverNow) ? now : serverNow)
  return wait > 0 ? wait : undefined
}
