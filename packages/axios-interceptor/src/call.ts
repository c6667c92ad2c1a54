import { watchBodyStream } from '@countersign/core/adapter'
import axios, {
  type AxiosAdapter,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios'
import { createStreamError, timedOut } from './errors.js'
import { resolveTargetUrl } from './target-url.js'

export type Config = InternalAxiosRequestConfig
export type Adapter = Config['adapter']

/** A request as axios dispatches it, after all request interceptors. */
export interface Call {
  readonly config: Config
  /** The config's own adapter, or its wrapper for another provider. */
  readonly adapter: Adapter
  readonly url: string | undefined
  /** Monotonic milliseconds; read only if there is a timeout. */
  readonly startedAt: number
}

/** One send of a call and its outcome. */
export interface Attempt {
  readonly call: Call
  response: AxiosResponse
  /** The error that axios rejected with, if it has a response. */
  rejection: unknown
  redirected: boolean
  /** The URL that answered, if a redirect was followed. */
  responseUrl: string | undefined
  /** Whether a redirect left the origin; undefined where redirects are not visible. */
  hasLeftOrigin: boolean | undefined
}

/** Marks a wrapped adapter with the function that sends its calls, and the adapter itself. */
const mark: unique symbol = Symbol.for('countersign.wrapping')

type Wrapped = AxiosAdapter & { [mark]: { by: unknown; own: Adapter } }

/**
 * Creates a request interceptor that wraps `config.adapter` and does nothing else. When the wrapper
 * runs, all interceptors have run and the URL is final.
 */
export function createAdapterWrapper(
  send: (call: Call) => Promise<AxiosResponse>,
): (config: Config) => Config {
  return (config) => {
    const adapter = config.adapter ?? axios.defaults.adapter
    const wrapping = (adapter as Partial<Wrapped> | undefined)?.[mark]
    if (wrapping?.by === send) return config
    const own = wrapping === undefined ? adapter : wrapping.own
    const sendDispatched: AxiosAdapter = (dispatched) => {
      // A retry sends the same config through the interceptors again, which wrap it again.
      dispatched.adapter = own as AxiosAdapter
      const startedAt = dispatched.timeout ? performance.now() : 0
      return send({ config: dispatched, adapter, url: resolveTargetUrl(dispatched), startedAt })
    }
    config.adapter = Object.assign(sendDispatched, { [mark]: { by: send, own } })
    return config
  }
}

const longestTimer = 2 ** 31 - 1

/** Returns what is left of the timeout in milliseconds; undefined if no timer can count it. */
export function measureTimeLeft({ config, startedAt }: Call): number | undefined {
  if (!config.timeout) return undefined
  // axios accepts a numeric string too.
  const timeout = Number.parseInt(String(config.timeout), 10)
  if (!(timeout > 0 && timeout <= longestTimer)) return undefined
  return Math.max(0, timeout - Math.floor(performance.now() - startedAt))
}

/**
 * Returns why the caller no longer waits, or undefined. axios checks the signal and the cancel token
 * when an adapter rejects, and replaces the reason of an abort by a `CanceledError`.
 */
export function findEnd(call: Call): unknown {
  const { cancelToken, signal } = call.config
  if (signal?.aborted) return (signal as Partial<AbortSignal>).reason ?? 'aborted'
  return cancelToken?.reason ?? (measureTimeLeft(call) === 0 ? timedOut : undefined)
}

/** A `CancelToken` with its undeclared methods. */
type CancelToken = Record<'subscribe' | 'unsubscribe', (listener: () => void) => void>

/** Waits for a token until the call is aborted or timed out, or its body stream fails. */
export function wait<T>(call: Call, token: Promise<T>): Promise<T> {
  const { config } = call
  const { signal } = config
  const cancelToken = config.cancelToken as unknown as CancelToken | undefined
  const left = measureTimeLeft(call)
  let release = () => {}
  const waited = new Promise<T>((resolve, reject) => {
    token.then(resolve, reject)
    const check = () => {
      const reason = findEnd(call)
      if (reason !== undefined) reject(reason)
    }
    const stopWatching = watchBodyStream(config.data, (error) =>
      reject(createStreamError(config, error)),
    )
    const timer = left === undefined ? undefined : setTimeout(reject, left, timedOut)
    signal?.addEventListener?.('abort', check)
    cancelToken?.subscribe(check)
    release = () => {
      stopWatching?.()
      clearTimeout(timer)
      signal?.removeEventListener?.('abort', check)
      cancelToken?.unsubscribe(check)
    }
    check()
  })
  return waited.finally(() => release())
}
