import type { AuthorizationOptions, RequestAuthorization, TokenSource } from '@countersign/core'
import { createAuthorizer, isReplayableBody } from '@countersign/core/adapter'
import { type Dispatcher, request } from 'undici'
import { API_ORIGIN, tokens } from './tokens.js'

interface Call {
  url: string
  method?: Dispatcher.HttpMethod
  headers?: Record<string, string>
  body?: string | Buffer
  signal?: AbortSignal
  countersign?: RequestAuthorization | false
}

type Response = Dispatcher.ResponseData

/** Sends one attempt. `authorization` is empty for a request without a token. */
function sendOnce(call: Call, authorization: Readonly<Record<string, string>>): Promise<Response> {
  const { url, countersign, headers, ...options } = call
  return request(url, { ...options, headers: { ...headers, ...authorization } })
}

/** Rejects when the signal of the call aborts. */
function waitFor<T>(awaited: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return awaited
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)
    awaited.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

function authorizedRequest(tokens: TokenSource, options: AuthorizationOptions<Response>) {
  return createAuthorizer<Call, Response, Response>(
    tokens,
    {
      url: ({ url }) => url,
      method: ({ method = 'GET' }) => method,
      authorization: ({ countersign }) => countersign,
      hasAuthorization: ({ headers }) => new Headers(headers).has('authorization'),
      isReplayable: ({ body }) => isReplayableBody(body),
      wait: ({ signal }, awaited) => waitFor(awaited, signal),
      send: sendOnce,
      status: ({ statusCode }) => statusCode,
      challenge: ({ headers }) => headers['www-authenticate']?.toString(),
      responseUrl: () => undefined,
      hasLeftOrigin: () => false, // request() does not follow redirects
      discard: ({ body }) => void body.dump(),
    },
    options,
  )
}

export const send = authorizedRequest(tokens, { origins: [API_ORIGIN] })
