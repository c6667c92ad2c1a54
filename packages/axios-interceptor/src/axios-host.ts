import { discardBody, type Host, isReplayableBody } from '@countersign/core/adapter'
import { AxiosHeaders, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios'
import { type Attempt, putBack, stampedCopy, startAttempt } from './attempt.js'
import { hasAuthorization } from './authorization-header.js'
import { timeoutMessage } from './axios-words.js'
import { type Call, endedBy, wait } from './call.js'
import type { OwnAxios } from './own-axios.js'

/** How axios names a URL, a body and a status, and how a call of it is sent. */
export function axiosHost(own: OwnAxios): Host<Call, Attempt> {
  return {
    url: ({ url }) => url,
    method: ({ config }) => (config.method ?? 'get').toUpperCase(),
    asked: ({ config }) => (Object.hasOwn(config, 'countersign') ? config.countersign : undefined),
    hasAuthorization: ({ config }) => hasAuthorization(config),
    isReplayable: ({ config }) => isReplayableBody(config.data),
    wait,
    send(call, { authorization }) {
      const { config, adapter } = call
      const attempt = startAttempt(call)
      if (authorization === undefined) return settled(own.send(adapter, config), attempt)
      const ended = endedBy(call)
      if (ended !== undefined) return Promise.reject(ended)
      const copy = stampedCopy(call, authorization, attempt)
      const sent = own.send(adapter, copy, ({ redirected, url }) => {
        attempt.redirected = redirected
        // Where nothing was redirected, it is the URL that was sent, with its parameters.
        if (redirected !== false) attempt.answeredBy = url || undefined
      })
      return settled(sent, attempt, { copy, config })
    },
    status: ({ response }) => response.status,
    challenge: ({ response }) => challenge(response.headers),
    answeredBy: (attempt) => attempt.answeredBy ?? responseUrl(attempt),
    redirected: ({ redirected }) => redirected,
    discard: ({ response }) => discard(response),
  }
}

/** What an attempt with a token was sent with, and the caller's own config. */
interface Configs {
  readonly copy: InternalAxiosRequestConfig
  readonly config: InternalAxiosRequestConfig
}

/** Responses and errors show the caller's own config. */
function settled(
  sent: Promise<AxiosResponse>,
  attempt: Attempt,
  configs?: Configs,
): Promise<Attempt> {
  return sent.then(
    (response) => {
      if (configs !== undefined) {
        putBack(configs.copy, configs.config)
        response.config = configs.config
      }
      attempt.response = response
      return attempt
    },
    (error) => {
      const response = ownResponse(error)
      if (configs !== undefined) showOwn(error, response, configs)
      if (response?.status !== 401 && response?.status !== 403) throw error
      attempt.response = response
      attempt.rejection = error
      return attempt
    },
  )
}

function showOwn(
  error: { config?: unknown; message?: unknown } | null | undefined,
  response: AxiosResponse | undefined,
  { copy, config }: Configs,
): void {
  putBack(copy, config)
  try {
    if (response !== undefined) response.config = config
    if (!error?.config) return
    error.config = config
    // The fetch adapter takes no message of the caller's, and tells the part that was left.
    if (copy.timeout !== config.timeout && /^timeout\b/.test(String(error.message))) {
      error.message = timeoutMessage(config)
    }
  } catch {
    // An error of the caller's own adapter may be frozen.
  }
}

function ownResponse(error: unknown): AxiosResponse | undefined {
  if (typeof error !== 'object' || error === null || !Object.hasOwn(error, 'response')) return
  return (error as { response?: AxiosResponse | null }).response ?? undefined
}

/**
 * Of the xhr adapter, or of a transport of the caller's own that follows redirects. A mock may give
 * the caller's own URL, which tells nothing.
 */
function responseUrl({ call: { config, url: sent }, response }: Attempt): string | undefined {
  const { request } = response
  const url: unknown = request?.responseURL ?? (config.transport && request?.res?.responseUrl)
  if (typeof url !== 'string' || !URL.canParse(url)) return undefined
  return config.params !== undefined && path(url) === path(sent as string) ? undefined : url
}

/** Without the parameters, which are not part of the URL that was judged. */
function path(url: string): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}

/** axios may give a stream around the one that holds the socket, and destroys that only once read. */
function discard({ data, request }: AxiosResponse): void {
  discardBody(data)
  if (typeof data?.destroy === 'function') discardBody(request?.res)
}

/** A mock or an adapter of the caller's may give plain headers, in any case, or none. */
function challenge(headers: AxiosResponse['headers'] | undefined): string | undefined {
  const value = AxiosHeaders.from(headers as AxiosHeaders).get('www-authenticate')
  return Array.isArray(value) ? value.join(', ') : (value as string | undefined)
}
