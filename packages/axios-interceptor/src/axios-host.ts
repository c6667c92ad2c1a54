import { discardBody, type Host, isReplayableBody } from '@countersign/core/adapter'
import { AxiosHeaders, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios'
import {
  type Attempt,
  restoreInError,
  restoreInResponse,
  stampedCopy,
  startAttempt,
} from './attempt.js'
import { hasAuthorization } from './authorization-header.js'
import { type Call, endedBy, wait } from './call.js'
import type { Send } from './own-axios.js'
import { responseOf } from './shown-config.js'

/** How axios names a URL, a body and a status, and how a call of it is sent. */
export function axiosHost(sendBy: Send): Host<Call, Attempt, AxiosResponse> {
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
      let sent = config
      if (authorization !== undefined) {
        const ended = endedBy(call)
        if (ended !== undefined) throw ended
        sent = stampedCopy(call, authorization, attempt)
      }
      return settled(sendBy(adapter, sent), attempt, sent, config)
    },
    status: ({ response }) => response.status,
    challenge: ({ response }) => challenge(response.headers),
    answeredBy: (attempt) => attempt.answeredBy ?? responseUrl(attempt),
    redirected: ({ redirected }) => redirected,
    leftOrigin: ({ leftOrigin }) => leftOrigin,
    response: ({ response }) => response,
    discard: ({ response }) => discard(response),
  }
}

/** Responses and errors show the caller's own config. */
function settled(
  outcome: Promise<AxiosResponse>,
  attempt: Attempt,
  sent: InternalAxiosRequestConfig,
  config: InternalAxiosRequestConfig,
): Promise<Attempt> {
  return outcome.then(
    (response) => {
      if (sent !== config) restoreInResponse(sent, config, response)
      attempt.response = response
      return attempt
    },
    (error) => {
      if (sent !== config) restoreInError(sent, config, error)
      const response = responseOf(error)
      if (response === undefined) throw error
      attempt.response = response
      attempt.rejection = error
      return attempt
    },
  )
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
  return AxiosHeaders.from(headers as AxiosHeaders)
    .get('www-authenticate')
    ?.toString()
}
