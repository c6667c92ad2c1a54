import axios, {
  AxiosError,
  type AxiosInstance,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios'
import { showConfig } from './shown-config.js'

export type Adapter = InternalAxiosRequestConfig['adapter']

/** The copy of axios that an instance came from. */
export interface OwnAxios {
  /** By a function, or by the adapter of that copy that has the name. */
  send(adapter: Adapter, config: InternalAxiosRequestConfig): Promise<AxiosResponse>
  errorClass(): Promise<typeof AxiosError>
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
  send(given, config) {
    // By its name it can be made to show its response, as a function it cannot.
    const adapter = given === resolvedFetch() ? 'fetch' : given
    return axios.getAdapter(adapter, config)(config)
  },
  errorClass: async () => AxiosError,
}

/** Another copy shows neither its adapters nor its classes: a bare instance of it has them. */
function through(bare: AxiosInstance): OwnAxios {
  for (const name of Object.keys(bare.defaults)) delete (bare.defaults as never)[name]
  return {
    send(adapter, config) {
      if (typeof adapter === 'function') return adapter(config)
      return bare.request({ ...config, transformRequest: [], transformResponse: [] }).then(
        (response) => showConfig(response, config),
        (error) => {
          throw showConfig(error, config)
        },
      )
    },
    errorClass: () =>
      bare
        .request({ adapter: 'none of axios' })
        .catch((error: Error) => error.constructor) as Promise<never>,
  }
}
