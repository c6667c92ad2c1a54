import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios'
import { dropAuthorization } from './authorization-header.js'
import { timeoutMessage } from './axios-words.js'
import { type Call, timeLeft } from './call.js'
import { isAbsoluteUrl, isPath } from './target-url.js'

/** One send of a call and what came of it. */
export interface Attempt {
  readonly call: Call
  redirected: boolean
  /** The final URL, once a redirect was followed. */
  answeredBy: string | undefined
  response: AxiosResponse
  /** What axios rejected with, when that stands for a 401 or a 403. */
  rejection: unknown
}

/** With all its members: what is none stands on `Object.prototype`, perhaps. */
export function startAttempt(call: Call): Attempt {
  return { call, redirected: false, answeredBy: undefined, rejection: undefined } as Attempt
}

/**
 * What an attempt sends: a copy of the caller's config with the token, and the very URL that was
 * judged. The caller's config never carries the token, since it comes round again in errors,
 * responses and retries.
 */
export function stampedCopy(
  call: Call,
  authorization: string,
  attempt: Attempt,
): InternalAxiosRequestConfig {
  const { config } = call
  const copy = copyOf(config)
  copy.url = call.url as string
  copy.headers = Object.assign(Object.create(Object.getPrototypeOf(config.headers)), config.headers)
  copy.headers.set('Authorization', authorization, true)
  // What was judged is joined with nothing again.
  if (copy.allowAbsoluteUrls !== undefined) copy.allowAbsoluteUrls = true
  if (!isAbsoluteUrl(copy.url)) delete copy.baseURL
  else if (typeof call.adapter === 'function') splitUrl(copy, config.url)
  copy.beforeRedirect = redirectGuard(call, attempt)
  const left = timeLeft(call)
  if (left !== undefined && left !== config.timeout) {
    copy.timeout = Math.max(1, left)
    copy.timeoutErrorMessage = timeoutMessage(config)
  }
  return copy
}

/** Newer axios gives a config no prototype, and of all that it would inherit this alone. */
const inheritsNothing: object = Object.freeze(
  Object.create(null, { hasOwnProperty: { value: Object.prototype.hasOwnProperty } }),
)

function copyOf(config: InternalAxiosRequestConfig): InternalAxiosRequestConfig {
  return { __proto__: Object.getPrototypeOf(config) ?? inheritsNothing, ...config } as typeof config
}

/** Whoever keeps what was sent (the history of a mock, say) finds nothing of ours in it. */
export function putBack(
  copy: InternalAxiosRequestConfig,
  { headers, url, baseURL, env, fetchOptions }: InternalAxiosRequestConfig,
): void {
  Object.assign(copy, { headers, url, baseURL, env, fetchOptions })
}

/**
 * An adapter of the caller's own, such as a mock, finds the base URL and the URL apart, as it is
 * used to. Whatever it makes of them stays with the origin that was judged.
 */
function splitUrl(copy: InternalAxiosRequestConfig, own: string | undefined): void {
  const url = copy.url as string
  if (!own || own === url || !url.endsWith(own)) return
  copy.baseURL = url.slice(0, -own.length)
  if (isPath(own)) copy.url = own
}

/** axios before 1.21 keeps the header on a redirect to a subdomain. */
function redirectGuard(
  { config, url }: Call,
  attempt: Attempt,
): NonNullable<InternalAxiosRequestConfig['beforeRedirect']> {
  return (next, ...details) => {
    attempt.redirected = true
    attempt.answeredBy = next.href
    if (originOf(next.href) !== originOf(url)) dropAuthorization(next.headers)
    config.beforeRedirect?.(next, ...details)
  }
}

function originOf(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? new URL(url).origin : undefined
}
