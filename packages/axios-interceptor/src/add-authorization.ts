import {
  type AuthorizationOptions,
  ConfigurationError,
  isCountersignError,
  type TokenSource,
} from '@countersign/core'
import { createAuthorizer, originOfBaseUrl } from '@countersign/core/adapter'
import axios, {
  type AxiosAdapter,
  type AxiosInstance,
  type InternalAxiosRequestConfig,
} from 'axios'
import { timeoutMessage } from './attempt.js'
import { axiosHost } from './axios-host.js'
import { type Call, canceled, startCall, timedOut } from './call.js'
import { type Adapter, type OwnAxios, ownAxios } from './own-axios.js'

/** An instance of any copy of axios, also that of a CommonJS program. */
export interface AuthorizableInstance {
  readonly defaults: { baseURL?: string | undefined }
  readonly interceptors: {
    readonly request: { use: (...given: never[]) => number; eject(id: number): void }
  }
}

interface Attachment {
  readonly tokens: TokenSource
  /** What it was attached with, for comparison. */
  readonly terms: string
  readonly eject: () => void
}

/** Marks an interceptor with its attachment, and a wrapped adapter with what it wraps. */
const attachment: unique symbol = Symbol.for('countersign.attachment')
const wrapping: unique symbol = Symbol.for('countersign.wrapping')

type Wrapped = AxiosAdapter & { [wrapping]: { by: unknown; own: Adapter } }

/**
 * Authorizes the requests of an existing axios instance. Interceptors, retries, mocks and caches
 * on it go on as before; a 401 about our token is dealt with below them.
 *
 * `origins` defaults to the origin of `instance.defaults.baseURL`, read now. The same provider on
 * the same instance is one attachment; several providers, each for origins of its own, may be
 * attached to one instance. Per request: `countersign: { scope, resource }`, or `false`.
 *
 * Requests that end early reject in axios' own words. When there is no token to be had, nothing is
 * sent and the request rejects with an `AxiosError` that has our `code` and our error as `cause`.
 *
 * @returns eject: later requests go as before; those under way finish.
 * @throws {ConfigurationError} for options that cannot work, for want of an origin, and when the
 * provider is attached already with other options.
 * @example
 * ```ts
 * const api = axios.create({ baseURL: 'https://api.example.com' })
 * const eject = addAuthorization(api, tokens)
 * ```
 * @see RFC 6750 section 2.1
 */
export function addAuthorization(
  instance: AuthorizableInstance,
  tokens: TokenSource,
  options: Partial<AuthorizationOptions> = {},
): () => void {
  requireInstance(instance)
  const own = { __proto__: null, ...options }
  const origins = own.origins ?? [originOfBaseUrl(instance.defaults.baseURL)]
  const axiosOfInstance = ownAxios(instance)
  const authorize = createAuthorizer(tokens, axiosHost(axiosOfInstance), { ...own, origins })
  const request = instance.interceptors.request as AxiosInstance['interceptors']['request']
  const terms = JSON.stringify([[...origins].sort(), own.onForeignOrigin ?? 'pass'])
  const known = attached(request, tokens)
  if (known !== undefined) return reattached(known, terms)

  const send = (call: Call) =>
    authorize(call).then(
      ({ response, rejection }) => {
        if (rejection !== undefined) throw rejection
        return response
      },
      (thrown) => inAxiosWords(thrown, call, axiosOfInstance),
    )

  /** Only wraps: when the wrapper runs, all interceptors have run and the URL is final. */
  const wrapAdapter = (config: InternalAxiosRequestConfig): InternalAxiosRequestConfig => {
    const adapter = config.adapter ?? axios.defaults.adapter
    const before = (adapter as Partial<Wrapped> | undefined)?.[wrapping]
    if (before?.by === send) return config
    const callersOwn = before === undefined ? adapter : before.own
    const wrapped: AxiosAdapter = (dispatched) => {
      // A config that is sent again is wrapped afresh.
      if (callersOwn !== undefined) dispatched.adapter = callersOwn
      return send(startCall(dispatched, adapter))
    }
    config.adapter = Object.assign(wrapped, { [wrapping]: { by: send, own: callersOwn } })
    return config
  }

  const id = request.use(wrapAdapter, null, { synchronous: true })
  const eject = () => request.eject(id)
  Object.assign(wrapAdapter, { [attachment]: { tokens, terms, eject } satisfies Attachment })
  return eject
}

function requireInstance(instance: Partial<AuthorizableInstance> | undefined): void {
  if (instance?.defaults && typeof instance.interceptors?.request?.use === 'function') return
  throw new ConfigurationError(
    'ERR_INVALID_OPTION',
    'The first argument must be an axios instance, such as axios.create({ baseURL }) gives.',
    'instance',
  )
}

/** State lives on the instance, where another copy of this package finds it too. */
function attached(manager: object, tokens: TokenSource): Attachment | undefined {
  let found: Attachment | undefined
  const { forEach } = manager as { forEach?: (visit: (handler: Handler) => void) => void }
  forEach?.call(manager, ({ fulfilled }) => {
    const known = fulfilled?.[attachment]
    if (known?.tokens === tokens) found = known
  })
  return found
}

interface Handler {
  readonly fulfilled?: { [attachment]?: Attachment } | null
}

function reattached({ terms, eject }: Attachment, wanted: string): () => void {
  if (terms === wanted) return eject
  throw new ConfigurationError(
    'ERR_INVALID_OPTION',
    'This provider is attached to this instance already, with other options: call its eject first, or name all origins at once.',
    'origins',
  )
}

/** A raw error would escape `axios.isAxiosError`, and caches on the instance would wait for ever. */
async function inAxiosWords(thrown: unknown, { config }: Call, own: OwnAxios): Promise<never> {
  const isOurs = isCountersignError(thrown)
  if (!isOurs && thrown !== canceled && thrown !== timedOut) throw thrown
  const { AxiosError, CanceledError } = await own.errors()
  if (thrown === canceled) throw new CanceledError(undefined, config)
  if (!isOurs) {
    const { ETIMEDOUT, ECONNABORTED } = AxiosError
    const code = config.transitional?.clarifyTimeoutError ? ETIMEDOUT : ECONNABORTED
    throw new AxiosError(timeoutMessage(config), code, config)
  }
  const error = new AxiosError(thrown.message, thrown.code, config)
  Object.defineProperty(error, 'cause', { value: thrown, configurable: true, writable: true })
  throw error
}
