import { discardBody, type Host, isReplayableBody } from '@countersign/core/adapter'
import { AxiosHeaders, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios'
import { type Attempt, putBack, stampedCopy } from './attempt.js'
import { hasAuthorization } from './authorization-header.js'
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
      const attempt = { redirected: false, answeredBy: undefined, rejection: undefined } as Attempt
      if (authorization === undefined) return settled(own.send(adapter, config), attempt, config)
      const ended = endedBy(call)
      if (ended !== undefined) return Promise.reject(ended)
      const copy = stampedCopy(call, authorization, attempt)
      const sent = own.send(adapter, copy, ({ redirected, url }) => {
        attempt.redirected = redirected
        attempt.answeredBy = url || undefined
      })
      return settled(sent, attempt, config, copy)
    },
    status: ({ response }) => response.status,
    challenge: ({ response }) => challenge(response.headers),
    answeredBy: ({ answeredBy, response }) => answeredBy ?? response.request?.responseURL,
    redirected: ({ redirected }) => redirected,
    discard: ({ response }) => discardBody(response.data),
  }
}

/** Responses and errors show the caller's own config. */
function settled(
  sent: Promise<AxiosResponse>,
  attempt: Attempt,
  config: InternalAxiosRequestConfig,
  copy?: InternalAxiosRequestConfig,
): Promise<Attempt> {
  return sent.then(
    (response) => {
      putBack(copy, config)
      response.config = config
      attempt.response = response
      return attempt
    },
    (error) => {
      putBack(copy, config)
      if (error?.config) error.config = config
      const response = ownResponse(error)
      if (response === undefined) throw error
      response.config = config
      if (response.status !== 401 && response.status !== 403) throw error
      attempt.response = response
      attempt.rejection = error
      return attempt
    },
  )
}

function ownResponse(error: unknown): AxiosResponse | undefined {
  if (typeof error !== 'object' || error === null || !Object.hasOwn(error, 'response')) return
  return (error as { response?: AxiosResponse }).response
}

/** A mock or an adapter of the caller's may give plain headers, in any case, or none. */
function challenge(headers: AxiosResponse['headers'] | undefined): string | undefined {
  const value = AxiosHeaders.from(headers as AxiosHeaders).get('www-authenticate')
  return Array.isArray(value) ? value.join(', ') : (value as string | undefined)
}
