import { isCountersignError } from '@countersign/core'
import { AxiosError, type InternalAxiosRequestConfig } from 'axios'
import { type Call, timedOut } from './call.js'

/**
 * Rejects as axios would. A raw error of ours would escape `axios.isAxiosError`, and caches on the
 * instance would wait for ever; `AxiosError.from` would copy its fields.
 */
export function inAxiosWords(thrown: unknown, { config }: Call): never {
  const isOurs = isCountersignError(thrown)
  if (!isOurs && thrown !== timedOut) throw thrown
  if (!isOurs) {
    const code = config.transitional?.clarifyTimeoutError ? 'ETIMEDOUT' : 'ECONNABORTED'
    throw new AxiosError(timeoutMessage(config), code, config)
  }
  const error = new AxiosError(thrown.message, thrown.code, config)
  Object.defineProperty(error, 'cause', { value: thrown, configurable: true, writable: true })
  throw error
}

/** Of the whole timeout, whatever part of it the wait for a token has used. */
export function timeoutMessage({
  timeout,
  timeoutErrorMessage,
}: InternalAxiosRequestConfig): string {
  return timeoutErrorMessage || `timeout of ${timeout}ms exceeded`
}
