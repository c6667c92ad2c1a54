import axios, { type AxiosInstance, type AxiosResponse } from 'axios'
import type { Adapter, Config } from './call.js'
import { showConfig } from './errors.js'

/** Sends through a function, or through the adapter of that name in the instance's copy of axios. */
export type Send = (adapter: Adapter, config: Config) => Promise<AxiosResponse>

/**
 * Creates the function that sends the requests of an instance. The instance may come from another
 * copy of axios, such as the one inside an SDK, whose adapters cannot be reached by name.
 */
export function createSend(instance: AxiosInstance): Send {
  const { request } = instance.interceptors
  const isSameCopy = request.constructor === axios.interceptors.request.constructor
  return isSameCopy ? send : createIndirectSend(instance.create())
}

const send: Send = (adapter, config) => {
  // Resolved by name, the fetch adapter uses `config.env.fetch`; as a function it does not.
  const isFetch = typeof adapter === 'function' && adapter === axios.getAdapter('fetch')
  return axios.getAdapter(isFetch ? 'fetch' : adapter, config)(config)
}

/** Sends through a new instance of the other copy, without defaults. This is slower. */
function createIndirectSend(bare: AxiosInstance): Send {
  for (const name of Object.keys(bare.defaults)) delete (bare.defaults as never)[name]
  return (adapter, config) => {
    if (typeof adapter === 'function') return adapter(config)
    const show = <T>(outcome: T) => showConfig(outcome, config, () => true)
    return bare
      .request({ ...config, transformRequest: [], transformResponse: [] })
      .then(show, (error) => {
        throw show(error)
      })
  }
}
