import { discardBody, type Host, isReplayableBody } from '@countersign/core/adapter'
import { AxiosHeaders, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios'
import { type Attempt, putBack, stampedCopy } from './attempt.js'
import { hasAuthorization } from './authorization-header.js'
import { type Call, endedBy, wait } from './call.js'
import type { OwnAxios } from './own-axios.js'
import { responseOf } from './shown-config.js'
import { isAbsoluteUrl } from './target-url.js'

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
      const attempt = { redirected: false, answeredBy: undefined, rejection: undefined } as Attempt
      let sent = config
      if (authorization !== undefined) {
        const ended = endedBy(call)
        if (ended !== undefined) throw ended
        sent = stampedCopy(call, authorization, attempt)
      }
      const outcome = typeof adapter === 'function' ? adapter(sent) : own.send(sent)
      return settled(outcome, attempt, sent, config)
    },
    status: ({ response }) => response.status,
    challenge: ({ response }) => challenge(response.headers),
    answeredBy: ({ answeredBy, response }) => answeredBy ?? responseUrl(response),
    redirected: ({ redirected }) => redirected,
    discard: ({ response }) => discardBody(response.data),
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
      if (sent !== config) putBack(sent, config, response)
      attempt.response = response
      return attempt
    },
    (error) => {
      if (sent !== config) putBack(sent, config, error)
      const response = responseOf(error)
      if (response?.status !== 401 && response?.status !== 403) throw error
      attempt.response = response
      attempt.rejection = error
      return attempt
    },
  )
}

/** Of the xhr adapter. A mock may give the caller's own URL, which tells nothing. */
function responseUrl({ request }: AxiosResponse): string | undefined {
  const url: unknown = request?.responseURL
  return typeof url === 'string' && isAbsoluteUrl(url) ? url : undefined
}

/** A mock or an adapter of the caller's may give plain headers, in any case, or none. */
function challenge(headers: AxiosResponse['headers'] | undefined): string | undefined {
  return AxiosHeaders.from(headers as AxiosHeaders)
    .get('www-authenticate')
    ?.toString()
}
