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

/**
 * Replaces what was sent by the caller's config, in an outcome and in all its causes: axios' fetch
 * adapter wraps an error that has a config of its own. The config of another request stays.
 */
export function hideSent(
  outcome: unknown,
  config: InternalAxiosRequestConfig,
  isSent: (shown: unknown) => boolean,
): void {
  const seen = new Set<unknown>()
  for (let at = outcome; typeof at === 'object' && at && !seen.has(at); at = causeOf(at)) {
    seen.add(at)
    for (const holder of [at as { config?: unknown }, responseOf(at)]) {
      if (isSent(holder?.config)) setConfig(holder, config)
    }
  }
}

function causeOf(error: object): unknown {
  return Object.hasOwn(error, 'cause') ? (error as Error).cause : undefined
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
