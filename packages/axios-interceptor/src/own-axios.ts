import axios, {
  AxiosError,
  type AxiosInstance,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios'
import { showFetch } from './visible-fetch.js'

export type Adapter = InternalAxiosRequestConfig['adapter']

/** The copy of axios that an instance came from: its adapters and its errors. */
export interface OwnAxios {
  send(
    adapter: Adapter,
    config: InternalAxiosRequestConfig,
    seen?: Parameters<typeof showFetch>[1],
  ): Promise<AxiosResponse>
  errorClass(): Promise<typeof AxiosError>
}

/** A CommonJS program has another copy of axios than this ES module, told by its classes. */
export function ownAxios(instance: unknown): OwnAxios {
  const { interceptors, create } = instance as AxiosInstance
  const isOurs = interceptors.request.constructor === axios.interceptors.request.constructor
  return isOurs || typeof create !== 'function' ? ours : through(create.call(instance))
}

const ours: OwnAxios = {
  send(adapter, config, seen) {
    if (typeof adapter === 'function') return adapter(config)
    const found = axios.getAdapter(adapter, config)
    // The adapters that are not fetch bear a name.
    if (seen === undefined || Object.hasOwn(found, 'adapterName')) return found(config)
    showFetch(config, seen)
    return axios.getAdapter(adapter, config)(config)
  },
  errorClass: async () => AxiosError,
}

/** Another copy shows neither its adapters nor its classes: a bare instance of it has them. */
function through(bare: AxiosInstance): OwnAxios {
  for (const name of Object.keys(bare.defaults)) delete (bare.defaults as never)[name]
  return {
    send(adapter, config, seen) {
      if (typeof adapter === 'function') return adapter(config)
      const plain = { ...config, transformRequest: [], transformResponse: [] }
      if (seen !== undefined) showFetch(plain, seen)
      return bare.request(plain).then(
        (response) => Object.assign(response, { config }),
        (error) => {
          if (error?.config) error.config = config
          if (error?.response) error.response.config = config
          throw error
        },
      )
    },
    errorClass: () =>
      bare
        .request({ adapter: 'none of axios' })
        .catch((error: Error) => error.constructor) as never,
  }
}
