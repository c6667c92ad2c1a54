import { isCountersignError } from '@countersign/core'
import type { InternalAxiosRequestConfig } from 'axios'
import { type Call, timedOut } from './call.js'
import type { OwnAxios } from './own-axios.js'

/**
 * Rejects as axios would. A raw error of ours would escape `axios.isAxiosError`, and caches on the
 * instance would wait for ever; `AxiosError.from` would copy its fields.
 */
export async function inAxiosWords(
  thrown: unknown,
  { config }: Call,
  own: OwnAxios,
): Promise<never> {
  const isOurs = isCountersignError(thrown)
  if (!isOurs && thrown !== timedOut) throw thrown
  const AxiosError = await own.errorClass()
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
