import { isCountersignError } from '@countersign/core'
import axios, {
  AxiosError,
  type AxiosResponse,
  CanceledError,
  type InternalAxiosRequestConfig,
} from 'axios'

type Config = InternalAxiosRequestConfig

/** The reason of a call that reached its timeout. */
export const timedOut: unique symbol = Symbol('timed out')

/**
 * Returns the error that axios would reject with. A `CountersignError` itself would escape
 * `axios.isAxiosError`, and axios-cache-interceptor would wait forever. `AxiosError.from` would copy
 * its members.
 */
export function toAxiosError(error: unknown, config: Config): unknown {
  if (error === timedOut) {
    const code = config.transitional?.clarifyTimeoutError ? 'ETIMEDOUT' : 'ECONNABORTED'
    return new AxiosError(formatTimeout(config), code, config)
  }
  if (!isCountersignError(error)) return error
  const wrapper = new AxiosError(error.message, error.code, config)
  Object.defineProperty(wrapper, 'cause', { value: error, configurable: true, writable: true })
  return wrapper
}

/** Names the whole timeout, including the part that the wait for a token has used. */
export function formatTimeout({ timeout, timeoutErrorMessage }: Config): string {
  return timeoutErrorMessage || `timeout of ${timeout}ms exceeded`
}

/** Creates the error that an adapter of axios rejects with when a body fails or closes early. */
export function createStreamError(config: Config, cause: unknown): AxiosError {
  if (axios.getAdapter(config.adapter) === axios.getAdapter('fetch')) {
    const error = new AxiosError('Network Error', AxiosError.ERR_NETWORK, config)
    const code = 'ERR_STREAM_PREMATURE_CLOSE'
    const ended = Object.assign(new Error('Premature close'), { code })
    return Object.assign(error, { cause: cause ?? ended })
  }
  if (cause !== undefined) return AxiosError.from(cause as Error, undefined, config)
  // Its declaration has the parameters of AxiosError; the second one is the config.
  return new CanceledError('Request stream has been aborted', config as never)
}

/** Returns the response of an error. A `response` on `Object.prototype` does not count. */
export function readResponse(error: unknown): AxiosResponse | undefined {
  if (!Object.hasOwn(Object(error), 'response')) return undefined
  return (error as { response?: AxiosResponse | null }).response ?? undefined
}

/**
 * Shows a config instead of its copies, in a response, or in an error and its causes. An adapter that
 * sends through another instance provides such copies.
 *
 * @returns the outcome.
 */
export function showConfig<T>(outcome: T, config: Config, isCopy: (shown: object) => boolean): T {
  let at: unknown = outcome
  for (let depth = 0; typeof at === 'object' && at !== null && depth < 8; depth += 1) {
    for (const holder of [at as { config?: object }, readResponse(at)]) {
      const shown = holder?.config
      if (shown && shown !== config && isCopy(shown)) Reflect.set(holder, 'config', config)
    }
    at = (at as { cause?: unknown }).cause
  }
  return outcome
}
