import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios'

/**
 * Makes a response, or an error and its response, show the config that the caller knows. An adapter
 * of the caller's own may give anything, frozen too.
 */
export function showConfig<T>(outcome: T, config: InternalAxiosRequestConfig): T {
  setConfig(outcome as object, config)
  setConfig(responseOf(outcome), config)
  return outcome
}

function setConfig(shown: { config?: unknown } | null | undefined, config: object): void {
  if (shown?.config) Reflect.set(shown, 'config', config)
}

/** Its own: what stands on `Object.prototype` is no answer. */
export function responseOf(error: unknown): AxiosResponse | undefined {
  return Object.hasOwn(Object(error), 'response')
    ? ((error as { response?: AxiosResponse | null }).response ?? undefined)
    : undefined
}
