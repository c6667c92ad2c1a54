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

type Copy = { [name in keyof Config]: Config[name] | undefined }

/**
 * Restores the caller's config in a response. Code that keeps the config that was sent (the history of
 * a mock, for example) finds neither the token nor another URL in it.
 */
export function restoreInResponse(copy: Copy, config: Config, response: AxiosResponse): void {
  const headers = restoreCopy(copy, config)
  // The usual case allocates nothing.
  if (response?.config === copy) Reflect.set(response, 'config', config)
  else hideSent(response, config, sentBy(copy, headers))
}

/** Restores the caller's config in an error and in all its causes. */
export function restoreInError(copy: Copy, config: Config, error: unknown): void {
  hideSent(error, config, sentBy(copy, restoreCopy(copy, config)))
  // The fetch adapter ignores the caller's message and names the part of the timeout that was left.
  if (
    copy.timeout !== config.timeout &&
    /^timeout\b/.test((error as Partial<Error> | undefined)?.message ?? '')
  ) {
    Reflect.set(error as Error, 'message', copy.timeoutErrorMessage)
  }
}

/** Returns the headers that were sent. */
function restoreCopy(copy: Copy, config: Config): Copy['headers'] {
  const { headers } = copy
  copy.url = config.url
  copy.baseURL = config.baseURL
  copy.headers = config.headers
  copy.env = config.env
  copy.fetchOptions = config.fetchOptions
  return headers
}

/** Tells the copy, and a config that holds its authorization, from the config of another request. */
function sentBy(copy: Copy, headers: Copy['headers']): (shown: unknown) => boolean {
  const authorization = authorizationOf({ headers })
  return (shown) =>
    shown === copy || (authorization !== undefined && authorizationOf(shown) === authorization)
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
