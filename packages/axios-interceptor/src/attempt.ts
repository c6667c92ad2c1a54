import { isSameOrigin } from '@countersign/core/adapter'
import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios'
import { authorizationOf, dropAuthorization } from './authorization-header.js'
import { timeoutMessage } from './axios-words.js'
import { type Call, timeLeft } from './call.js'
import { hideSent } from './shown-config.js'
import { isAbsoluteUrl, isPath } from './target-url.js'
import { type RedirectEnd, showFetch } from './visible-fetch.js'

type Config = InternalAxiosRequestConfig

/** One send of a call and what came of it. */
export interface Attempt extends RedirectEnd {
  /** Whether a redirect led to another origin; undefined where redirects are not visible. */
  leftOrigin: boolean | undefined
  readonly call: Call
  response: AxiosResponse
  /** What axios rejected with, when that stands for a 401 or a 403. */
  rejection: unknown
}

/** With all its members: what is none stands on `Object.prototype`, perhaps. */
export function startAttempt(call: Call): Attempt {
  const none = { redirected: false, answeredBy: undefined, leftOrigin: undefined }
  return { call, ...none, rejection: undefined } as Attempt
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
  setUrl(copy, call)
  // What was judged is joined with nothing again.
  if (copy.allowAbsoluteUrls !== undefined) copy.allowAbsoluteUrls = true
  copy.headers = copyOf(config.headers)
  copy.headers.set('Authorization', authorization, true)
  copy.beforeRedirect = redirectGuard(call, attempt)
  showFetch(copy, attempt)
  const left = timeLeft(call)
  if (left !== undefined && left !== config.timeout) {
    copy.timeout = Math.max(1, left)
    copy.timeoutErrorMessage = timeoutMessage(config)
  }
  return copy
}

/**
 * Shows the caller's own config in what came of an attempt. Whoever keeps what was sent (the history
 * of a mock, say) finds neither token nor another URL in it.
 */
export function putBack(
  copy: { [name in keyof Config]: Config[name] | undefined },
  config: Config,
  outcome: object | undefined,
): void {
  const stamped = authorizationOf(copy)
  copy.url = config.url
  copy.baseURL = config.baseURL
  copy.headers = config.headers
  copy.env = config.env
  copy.fetchOptions = config.fetchOptions
  const isSent = (shown: unknown) =>
    shown === copy || (stamped !== undefined && authorizationOf(shown) === stamped)
  hideSent(outcome, config, isSent)
  // The fetch adapter takes no message of the caller's, and tells the part that was left.
  if (
    copy.timeout !== config.timeout &&
    /^timeout\b/.test((outcome as Partial<Error>)?.message ?? '')
  ) {
    Reflect.set(outcome as Error, 'message', copy.timeoutErrorMessage)
  }
}

/** Newer axios gives a config no prototype, and of all that it would inherit this alone. */
const inheritsNothing: object = Object.freeze(
  Object.create(null, { hasOwnProperty: { value: Object.prototype.hasOwnProperty } }),
)

function copyOf<T extends object>(object: T): T {
  return { __proto__: Object.getPrototypeOf(object) ?? inheritsNothing, ...object } as T
}

/**
 * The URL that was judged. An adapter of the caller's own, such as a mock, finds the base URL and
 * the URL apart, as it is used to: whatever it makes of them stays with the origin that was judged.
 */
function setUrl(
  copy: { url?: string; baseURL?: string | undefined },
  { config, url = '' }: Call,
): void {
  const own = config.url ?? ''
  copy.url = url
  if (typeof config.adapter !== 'function' || !isAbsoluteUrl(url)) copy.baseURL = undefined
  else if (own === url) {
    if (copy.baseURL && !isSameOrigin(copy.baseURL, url)) copy.baseURL = undefined
  } else {
    copy.baseURL = url.endsWith(own) ? url.slice(0, url.length - own.length) : undefined
    if (isPath(own)) copy.url = own
  }
}

/** axios before 1.21 keeps the header on a redirect to a subdomain. */
function redirectGuard(
  { config, url }: Call,
  attempt: Attempt,
): NonNullable<InternalAxiosRequestConfig['beforeRedirect']> {
  return (next, ...details) => {
    attempt.redirected = true
    attempt.answeredBy = next.href
    const isLeaving = !isSameOrigin(next.href, url as string)
    attempt.leftOrigin = attempt.leftOrigin === true || isLeaving
    if (isLeaving) dropAuthorization(next.headers)
    config.beforeRedirect?.(next, ...details)
  }
}
