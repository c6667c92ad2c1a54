import axios, {
  AxiosError,
  type AxiosInstance,
  type AxiosResponse,
  CanceledError,
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
  errors(): Promise<{ AxiosError: typeof AxiosError; CanceledError: typeof CanceledError }>
}

/** A CommonJS program has another copy of axios than this ES module, told by its classes. */
export function ownAxios(instance: unknown): OwnAxios {
  const { interceptors, create } = instance as AxiosInstance
  const isOurs = interceptors.request.constructor === axios.interceptors.request.constructor
  return isOurs || typeof create !== 'function' ? ours : through(create.call(instance))
}

let known: { readonly fetch: unknown; readonly adapter: unknown } | undefined

/** What `axios.getAdapter('fetch')` gives as long as the platform's fetch is the same. */
function resolvedFetch(): unknown {
  const { fetch } = globalThis
  if (known?.fetch !== fetch) known = { fetch, adapter: axios.getAdapter('fetch') }
  return known?.adapter
}

const ours: OwnAxios = {
  send(adapter, config, seen) {
    if (typeof adapter === 'function' && adapter !== resolvedFetch()) {
      // It may lead to fetch.
      if (seen !== undefined) showFetch(config, seen)
      return adapter(config)
    }
    // By its name it can be made to show its response, as a function it cannot.
    const name = typeof adapter === 'function' ? 'fetch' : adapter
    const found = axios.getAdapter(name, config)
    // The adapters that are not fetch bear a name.
    if (seen === undefined || Object.hasOwn(found, 'adapterName')) return found(config)
    showFetch(config, seen)
    return axios.getAdapter(name, config)(config)
  },
  errors: async () => ({ AxiosError, CanceledError }),
}

/** Another copy shows neither its adapters nor its classes: a bare instance of it has them. */
function through(bare: AxiosInstance): OwnAxios {
  for (const name of Object.keys(bare.defaults)) delete (bare.defaults as never)[name]
  const rejection = (config: object) => bare.request(config).catch((error: Error) => error)
  return {
    send(adapter, config, seen) {
      if (typeof adapter === 'function') {
        if (seen !== undefined) showFetch(config, seen)
        return adapter(config)
      }
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
    async errors() {
      const unknown = await rejection({ adapter: 'none of axios' })
      const canceled = await rejection({ signal: AbortSignal.abort() })
      return {
        AxiosError: unknown.constructor as typeof AxiosError,
        CanceledError: canceled.constructor as typeof CanceledError,
      }
    },
  }
}
