import axios, { AxiosError, CanceledError, type InternalAxiosRequestConfig } from 'axios'

interface Unsent {
  readonly config: InternalAxiosRequestConfig
  readonly adapter: InternalAxiosRequestConfig['adapter']
}

/** Creates the error that axios' adapters reject with when a body fails or closes early. */
export function createStreamError({ config, adapter }: Unsent, cause: unknown): AxiosError {
  if (axios.getAdapter(adapter) === axios.getAdapter('fetch')) {
    const closed = { code: 'ERR_STREAM_PREMATURE_CLOSE' }
    const error = new AxiosError('Network Error', AxiosError.ERR_NETWORK, config)
    return Object.assign(error, {
      cause: cause ?? Object.assign(new Error('Premature close'), closed),
    })
  }
  if (cause !== undefined) return AxiosError.from(cause as Error, undefined, config)
  // Its declaration has the parameters of AxiosError; the second one is the config.
  return new CanceledError('Request stream has been aborted', config as never)
}
