import { watchBodyStream } from '@countersign/core/adapter'
import type { InternalAxiosRequestConfig } from 'axios'
import type { Adapter } from './own-axios.js'
import { createStreamError } from './stream-error.js'
import { targetUrl } from './target-url.js'

/** One request of the caller's, as it was dispatched: all interceptors have run. */
export interface Call {
  readonly config: InternalAxiosRequestConfig
  /** What sends it: the config's own adapter, or what wraps that for another provider. */
  readonly adapter: Adapter
  readonly url: string | undefined
  /** Monotonic; read only when there is a timeout. */
  readonly startedAt: number
}

export const timedOut: unique symbol = Symbol('timed out')

export function startCall(config: InternalAxiosRequestConfig, adapter: Adapter): Call {
  return {
    config,
    adapter,
    url: targetUrl(config),
    startedAt: config.timeout ? performance.now() : 0,
  }
}

/** Milliseconds of the timeout that are left; undefined without one that a timer can count. */
export function timeLeft({ config, startedAt }: Call): number | undefined {
  if (!config.timeout) return undefined
  // As axios reads it: text is a number too.
  const timeout = Number.parseInt(String(config.timeout), 10)
  if (!(timeout > 0 && timeout <= longestTimer)) return undefined
  return Math.max(0, timeout - Math.floor(performance.now() - startedAt))
}

/**
 * Why the caller no longer waits. axios asks the signal and the cancel token itself when an adapter
 * rejects, and makes its own `CanceledError` of an abort.
 */
export function endedBy(call: Call): unknown {
  const { cancelToken, signal } = call.config
  if (signal?.aborted) return (signal as Partial<AbortSignal>).reason ?? 'aborted'
  return cancelToken?.reason ?? (timeLeft(call) === 0 ? timedOut : undefined)
}

/** Races the request's own signal, cancel token and timeout, and a stream that fails unsent. */
export async function wait<T>(call: Call, token: Promise<T>): Promise<T> {
  const { signal } = call.config
  const cancelToken = call.config.cancelToken as Subscribable | undefined
  const left = timeLeft(call)
  let timer: ReturnType<typeof setTimeout> | undefined
  let check = () => {}
  let stopWatching: (() => void) | undefined
  try {
    return await new Promise((resolve, reject) => {
      token.then(resolve, reject)
      stopWatching = watchBodyStream(call.config.data, (error) =>
        reject(createStreamError(call, error)),
      )
      check = () => {
        const reason = endedBy(call)
        if (reason !== undefined) reject(reason)
      }
      if (left !== undefined) timer = setTimeout(reject, left, timedOut)
      signal?.addEventListener?.('abort', check)
      cancelToken?.subscribe(check)
      check()
    })
  } finally {
    stopWatching?.()
    clearTimeout(timer)
    signal?.removeEventListener?.('abort', check)
    cancelToken?.unsubscribe(check)
  }
}

const longestTimer = 2 ** 31 - 1

/** What a `CancelToken` also has; its declaration does not say so. */
interface Subscribable {
  subscribe(listener: () => void): void
  unsubscribe(listener: () => void): void
}
