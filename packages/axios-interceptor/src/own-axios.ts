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
  /** By the adapter of that copy that the config names. */
  send(config: InternalAxiosRequestConfig): Promise<AxiosResponse>
  errorClass(): Promise<typeof AxiosError>
}

/** A CommonJS program has another copy of axios than this ES module, told by its classes. */
export function ownAxios(instance: unknown): OwnAxios {
  const { interceptors, create } = instance as AxiosInstance
  const isOurs = interceptors.request.constructor === axios.interceptors.request.constructor
  return isOurs || typeof create !== 'function' ? ours : through(create.call(instance))
}

const ours: OwnAxios = {
  send: (config) => axios.getAdapter(config.adapter, config)(config),
  errorClass: async () => AxiosError,
}

/** Another copy shows neither its adapters nor its classes: a bare instance of it has them. */
function through(bare: AxiosInstance): OwnAxios {
  for (const name of Object.keys(bare.defaults)) delete (bare.defaults as never)[name]
  return {
    send: (config) =>
      bare.request({ ...config, transformRequest: [], transformResponse: [] }).then(
        (response) => showConfig(response, config),
        (error) => {
          throw showConfig(error, config)
        },
      ),
    errorClass: () =>
      bare
        .request({ adapter: 'none of axios' })
        .catch((error: Error) => error.constructor) as Promise<never>,
  }
}
