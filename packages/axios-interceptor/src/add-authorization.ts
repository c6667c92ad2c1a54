import { type AuthorizationOptions, ConfigurationError, type TokenSource } from '@countersign/core'
import {
  createAuthorizer,
  originOfBaseUrl,
  requireSeparateOrigins,
} from '@countersign/core/adapter'
import type { AxiosInstance, AxiosResponse } from 'axios'
import { listAttachments, markInterceptor, requireSameTerms } from './attachment.js'
import { axiosHost } from './axios-host.js'
import { inAxiosWords } from './axios-words.js'
import type { Call } from './call.js'
import { createSend } from './own-axios.js'
import { adapterWrapper } from './wrapped-adapter.js'

/** An instance of any copy of axios, also that of a CommonJS program. */
export interface AuthorizableInstance {
  /** What holds for all its requests. */
  readonly defaults: {
    /** Read once, by {@link addAuthorization}, when no `origins` are given. */
    baseURL?: string | undefined
  }
  /** As axios has them. */
  readonly interceptors: {
    /** Of requests; the library adds one to them. */
    readonly request: {
      /** Adds an interceptor and gives its number. */
      use: (...given: never[]) => number
      /** Takes it out again. */
      eject(id: number): void
    }
  }
}

/**
 * Authorizes the requests of an existing axios instance. Interceptors, retries, mocks and caches
 * on it go on as before; a 401 about our token is dealt with below them.
 *
 * `origins` defaults to the origin of `instance.defaults.baseURL`, read now. The same provider on
 * the same instance is one attachment; several providers, each for origins of its own, may be
 * attached to one instance. Per request: `countersign: { scope, resource }`, or `false`.
 *
 * Requests that end early reject in axios' own words. When there is no token to be had, the request
 * is not sent (after a 401: not again) and rejects with an `AxiosError` that has our `code` and our
 * error as `cause`.
 *
 * @param instance - Of any copy of axios from 1.12 on.
 * @param tokens - Whose tokens its requests carry.
 * @param options - `origins` that may have the token, `onForeignOrigin` and `onEvent`.
 * @returns eject: later requests go as before; those under way finish.
 * @throws {ConfigurationError} for options that cannot work, without an origin, if the provider is
 * attached already with other options, and if another provider is attached for one of the origins.
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
  options: Partial<AuthorizationOptions<AxiosResponse>> = {},
): () => void {
  requireInstance(instance)
  const given = { __proto__: null, ...options }
  const origins = given.origins ?? [originOfBaseUrl(ownBaseUrl(instance.defaults))]
  const authorize = createAuthorizer(tokens, axiosHost(createSend(instance as AxiosInstance)), {
    ...given,
    origins,
  })
  const manager = instance.interceptors.request as AxiosInstance['interceptors']['request']
  const { isTokenRejected, onForeignOrigin = 'pass' } = given
  const terms = { list: JSON.stringify([[...origins].sort(), onForeignOrigin]), isTokenRejected }
  const attached = listAttachments(manager)
  const known = attached.find((one) => one.tokens === tokens)
  if (known !== undefined) {
    requireSameTerms(known, terms)
    return known.eject
  }
  requireSeparateOrigins(attached, { tokens, origins })
  const send = (call: Call) =>
    authorize(call).then(
      ({ response, rejection }) => {
        if (rejection !== undefined) throw rejection
        return response
      },
      (thrown) => inAxiosWords(thrown, call),
    )
  const interceptor = adapterWrapper(send)
  const id = manager.use(interceptor, null, { synchronous: true })
  const eject = () => manager.eject(id)
  markInterceptor(interceptor, { tokens, origins: [...origins], terms, eject })
  return eject
}

/** What stands on `Object.prototype` names no origin. */
function ownBaseUrl(defaults: AuthorizableInstance['defaults']): string | undefined {
  return Object.hasOwn(defaults, 'baseURL') ? defaults.baseURL : undefined
}

function requireInstance(instance: Partial<AuthorizableInstance> | undefined): void {
  if (instance?.defaults && typeof instance.interceptors?.request?.use === 'function') return
  throw new ConfigurationError(
    'ERR_INVALID_OPTION',
    'The first argument must be an axios instance, such as axios.create({ baseURL }) gives.',
    'instance',
  )
}
