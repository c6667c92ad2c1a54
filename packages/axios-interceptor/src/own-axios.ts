import axios, {
  type AxiosInstance,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios'
import { showConfig } from './shown-config.js'

export type Adapter = InternalAxiosRequestConfig['adapter']

/** Sends by a function, or by the adapter of that name in the instance's own copy of axios. */
export type Send = (adapter: Adapter, config: InternalAxiosRequestConfig) => Promise<AxiosResponse>

/**
 * How requests of an instance are sent. The instance may come from a second copy of axios, such as
 * another version inside an SDK, whose adapters cannot be reached by name.
 */
export function createSend(instance: AxiosInstance): Send {
  const { interceptors, create } = instance
  const isSameCopy = interceptors.request.constructor === axios.interceptors.request.constructor
  return isSameCopy || typeof create !== 'function'
    ? send
    : createIndirectSend(create.call(instance))
}

const send: Send = (given, config) => {
  // Under its name the fetch adapter shows its response; as a function it does not.
  const isFetch = typeof given === 'function' && given === axios.getAdapter('fetch')
  return axios.getAdapter(isFetch ? 'fetch' : given, config)(config)
}

/** The slow way: a bare instance of the other copy sends, and its defaults are removed first. */
function createIndirectSend(bare: AxiosInstance): Send {
  for (const name of Object.keys(bare.defaults)) delete (bare.defaults as never)[name]
  return (adapter, config) => {
    if (typeof adapter === 'function') return adapter(config)
    return bare.request({ ...config, transformRequest: [], transformResponse: [] }).then(
      (response) => showConfig(response, config),
      (error) => {
        throw showConfig(error, config)
      },
    )
  }
}
