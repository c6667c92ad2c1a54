import { discardBody, type HttpClient, isReplayableBody } from '@countersign/core/adapter'
import { AxiosHeaders, type AxiosResponse } from 'axios'
import { type Attempt, type Call, type Config, findEnd, measureTimeLeft, wait } from './call.js'
import { formatTimeout, readResponse, showConfig } from './errors.js'
import { createRedirectGuard, readResponseUrl, watchFetch } from './redirects.js'
import type { Send } from './send.js'
import { pinUrl } from './target-url.js'

/** Describes calls and attempts to the exchange of core, which judges and resends them. */
export function createAxiosClient(send: Send): HttpClient<Call, Attempt, AxiosResponse> {
  return {
    url: ({ url }) => url,
    method: ({ config }) => (config.method ?? 'get').toUpperCase(),
    authorization: ({ config }) =>
      Object.hasOwn(config, 'countersign') ? config.countersign : undefined,
    hasAuthorization: ({ config }) => hasAuthorization(config),
    isReplayable: ({ config }) => isReplayableBody(config.data),
    wait,
    send: (call, { authorization }) => sendOnce(send, call, authorization),
    status: ({ response }) => response.status,
    challenge: ({ response }) => readHeader(response, 'www-authenticate')?.toString(),
    responseUrl: (attempt) => attempt.responseUrl ?? readResponseUrl(attempt),
    isRedirected: ({ redirected }) => redirected,
    hasLeftOrigin: ({ hasLeftOrigin }) => hasLeftOrigin,
    check: ({ response }, isTokenRejected) => isTokenRejected(response),
    discard: ({ response }) => discard(response),
  }
}

/** Whether a request has its own credentials. As in axios, `null` is not a header, but `false` is. */
function hasAuthorization({ auth, headers }: Config): boolean {
  return (auth ?? headers.get('authorization') ?? undefined) !== undefined
}

/** Reads a header of a config or a response. A custom adapter may provide plain headers, or none. */
function readHeader(holder: unknown, name: string): unknown {
  return AxiosHeaders.from(Object(holder).headers).get(name)
}

/** Sends a call once, with the token if there is one. */
async function sendOnce(send: Send, call: Call, authorization?: string): Promise<Attempt> {
  const redirects = { redirected: false, responseUrl: undefined, hasLeftOrigin: undefined }
  const attempt = { call, ...redirects, rejection: undefined } as Attempt
  const restore = authorization === undefined ? () => {} : authorize(attempt, authorization)
  try {
    attempt.response = await send(call.adapter, call.config)
    restore(attempt.response)
  } catch (error) {
    restore(error)
    const response = readResponse(error)
    if (response === undefined) throw error
    attempt.response = response
    attempt.rejection = error
  }
  return attempt
}

/**
 * Adds the token and exactly the URL that was judged to the config of an attempt.
 *
 * @returns a function that restores the config, since errors, responses and retries show it.
 */
function authorize(attempt: Attempt, authorization: string): (outcome: unknown) => void {
  const { call } = attempt
  const { config, url = '' } = call
  const end = findEnd(call)
  if (end !== undefined) throw end
  const changes: { [name in keyof Config]?: Config[name] | undefined } = {
    ...pinUrl(config, url),
    headers: config.headers.concat({ Authorization: authorization }),
    beforeRedirect: createRedirectGuard(attempt),
    ...watchFetch(attempt),
    // axios-mock-adapter deletes it.
    adapter: config.adapter,
  }
  const left = measureTimeLeft(call)
  const isShortened = left !== undefined && left !== config.timeout
  if (isShortened) {
    changes.timeout = Math.max(1, left)
    changes.timeoutErrorMessage = formatTimeout(config)
  }
  const restore = change(config as never, changes)
  return (outcome) => {
    restore()
    showConfig(outcome, config, (shown) => readHeader(shown, 'authorization') === authorization)
    // The fetch adapter ignores `timeoutErrorMessage`.
    if (isShortened && /^timeout\b/.test(Object(outcome).message)) {
      Reflect.set(outcome as Error, 'message', formatTimeout(config))
    }
  }
}

/** Changes members of an object. Returns a function that restores them. */
function change(object: Record<string, unknown>, changes: object): () => void {
  const own = Object.keys(changes).map(
    (name) => [name, Object.hasOwn(object, name) ? object[name] : undefined] as const,
  )
  Object.assign(object, changes)
  return () => {
    for (const [name, value] of own) {
      if (value === undefined) delete object[name]
      else object[name] = value
    }
  }
}

/**
 * Releases the socket. axios may provide a stream around the one that holds it, and destroys the
 * inner one only after the outer one has been read.
 */
function discard({ data, request }: AxiosResponse): void {
  discardBody(data)
  if (typeof data?.destroy === 'function') discardBody(request?.res)
}
