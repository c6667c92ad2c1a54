import { tokenErrorOf } from '@countersign/core'

/**
 * The members of an `AxiosError` that decide about a retry.
 *
 * @inline
 */
interface FailedRequest {
  /** The code of the failure. */
  readonly code?: string | undefined
  /** The request. */
  readonly config?: { readonly method?: string | undefined } | undefined
  /** The response, if there is one. */
  readonly response?: { readonly status: number } | undefined
}

/** The caller's own end, an unknown host and certificates: a retry changes nothing. */
const lasting = /^(ECONNABORTED|ERR_CANCELED|ENOTFOUND|ENETUNREACH)$|CERT|TLS/
const idempotent = /^(get|head|options|put|delete)$/i

/**
 * Decides whether axios-retry sends a request again, as its option `retryCondition`. If no token
 * could be obtained, the Countersign error decides. Other failures are decided as axios-retry does by
 * default: network failures, and 429 or 5xx for an idempotent method.
 *
 * @param error - The error of the request.
 * @returns whether a retry can succeed.
 * @example
 * ```ts
 * axiosRetry(api, { retryCondition })
 * ```
 */
export function retryCondition(error: FailedRequest): boolean {
  const tokenError = tokenErrorOf(error)
  if (tokenError !== undefined) return tokenError.retryable
  const { code, config, response } = error
  if (code === undefined || lasting.test(code)) return false
  if (response === undefined) return true
  const isTransient = response.status === 429 || response.status >= 500
  return isTransient && idempotent.test(config?.method ?? '')
}
