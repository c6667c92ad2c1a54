import axios, {
  type AxiosAdapter,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios'
import { type Call, startCall } from './call.js'
import type { Adapter } from './own-axios.js'

/** The mark of a wrapped adapter: who wrapped it, and what the caller had. */
const mark: unique symbol = Symbol.for('countersign.wrapping')

type Wrapped = AxiosAdapter & { [mark]: { by: unknown; own: Adapter } }

/**
 * A request interceptor that wraps `config.adapter` and does nothing else: when the wrapper runs,
 * all interceptors have run and the URL is final.
 */
export function adapterWrapper(
  send: (call: Call) => Promise<AxiosResponse>,
): (config: InternalAxiosRequestConfig) => InternalAxiosRequestConfig {
  return (config) => {
    const adapter = config.adapter ?? axios.defaults.adapter
    const before = (adapter as Partial<Wrapped> | undefined)?.[mark]
    if (before?.by === send) return config
    const own = before === undefined ? adapter : before.own
    const wrapped: AxiosAdapter = (dispatched) => {
      // A config that is sent again is wrapped afresh, never twice.
      if (own !== undefined) dispatched.adapter = own
      return send(startCall(dispatched, adapter))
    }
    config.adapter = Object.assign(wrapped, { [mark]: { by: send, own } })
    return config
  }
}
