import type { InternalAxiosRequestConfig } from 'axios'
import type { Adapter } from './own-axios.js'
import { targetUrl } from './target-url.js'

/** One request of the caller's, as it was dispatched: all interceptors have run. */
export interface Call {
  readonly config: InternalAxiosRequestConfig
  /** What sends it: one or several names of axios' adapters, or a function. */
  readonly adapter: Adapter
  readonly url: string | undefined
  /** Monotonic; read only when there is a timeout. */
  readonly startedAt: number
}

export const canceled: unique symbol = Symbol('canceled')
export const timedOut: unique symbol = Symbol('timed out')

export function startCall(config: InternalAxiosRequestConfig, adapter: Adapter): Call {
  return {
    config,
    adapter,
    url: targetUrl(config),
    startedAt: config.timeout ? performance.now() : 0,
  }
}

/** Whole milliseconds of the timeout that are gone. */
export function elapsed({ startedAt }: Call): number {
  return Math.floor(performance.now() - startedAt)
}

/** Why the caller no longer waits: `canceled`, `timedOut`, or what its cancel token says. */
export function endedBy(call: Call): unknown {
  const { cancelToken, signal, timeout } = call.config
  if (cancelToken?.reason) return cancelToken.reason
  if (signal?.aborted) return canceled
  return timeout && elapsed(call) >= timeout ? timedOut : undefined
}

/** Races the request's own signal, cancel token and timeout. */
export function wait<T>(call: Call, token: Promise<T>): Promise<T> {
  const { signal, timeout } = call.config
  const cancelToken = call.config.cancelToken as Subscribable | undefined
  if (!signal && !cancelToken && !timeout) return token
  return new Promise((resolve, reject) => {
    const check = () => {
      const reason = endedBy(call)
      if (reason !== undefined) reject(reason)
    }
    check()
    signal?.addEventListener?.('abort', check)
    cancelToken?.subscribe(check)
    const left = timeout ? Math.max(0, timeout - elapsed(call)) : undefined
    const timer = left === undefined ? undefined : setTimeout(() => reject(timedOut), left)
    token.then(resolve, reject).finally(() => {
      clearTimeout(timer)
      signal?.removeEventListener?.('abort', check)
      cancelToken?.unsubscribe(check)
    })
  })
}

/** What a `CancelToken` also has; its declaration does not say so. */
interface Subscribable {
  subscribe(listener: () => void): void
  unsubscribe(listener: () => void): void
}
