import { type AuthorizationOptions, ConfigurationError, type TokenSource } from '@countersign/core'
import {
  type AttachedProvider,
  createAuthorizer,
  readBaseOrigin,
  requireArgument,
  requireSeparateOrigins,
  requireTokenSource,
} from '@countersign/core/adapter'
import type { AxiosInstance, AxiosResponse } from 'axios'
import { type Call, createAdapterWrapper } from './call.js'
import { toAxiosError } from './errors.js'
import { createAxiosClient } from './exchange.js'
import { createSend } from './send.js'

/** An instance of any copy of axios, including the copy that a CommonJS program loads. */
export interface AuthorizableInstance {
  /** The defaults of its requests. */
  readonly defaults: {
    /** Read once, by {@link addAuthorization}, if `origins` is absent. */
    baseURL?: string | undefined
  }
  /** The interceptors of the instance. */
  readonly interceptors: {
    /** The request interceptors, to which the library adds one. */
    readonly request: {
      /** Adds an interceptor and returns its number. */
      use: (...given: never[]) => number
      /** Removes the interceptor with that number. */
      eject(id: number): void
    }
  }
}

/**
 * Adds access tokens to the requests of an existing axios instance. Its interceptors, retries, mocks
 * and caches keep working: a 401 that rejects the token is handled before any of them sees it.
 *
 * The same provider can be attached to an instance once, several providers if each has its own
 * origins. A request chooses its token with `countersign: { scope, resource }`, and is sent
 * untouched with `countersign: false`.
 *
 * Aborted and timed-out requests reject with axios' own errors. If a token cannot be obtained, the
 * request is not sent (after a 401: not sent again). It rejects with an `AxiosError` that has the
 * `code` of the `CountersignError` in its `cause`.
 *
 * @param instance - An instance of any copy of axios, from version 1.12.
 * @param tokens - The provider of the tokens.
 * @param options - `origins` that receive the token (`@default` the origin of
 * `instance.defaults.baseURL`, read now), `onForeignOrigin`, `isTokenRejected` and `onEvent`.
 * @returns a function that ejects the interceptor. Requests in flight still finish.
 * @throws {ConfigurationError} for invalid options, for a missing origin, if the provider is already
 * attached with other options, and if another provider is attached for one of the origins.
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
  requireTokenSource(tokens)
  requireArgument(
    typeof options === 'object' && !Array.isArray(options),
    'options',
    'must be an object',
  )
  const given = { __proto__: null, ...options }
  const defaults = { __proto__: null, ...instance.defaults }
  const { isTokenRejected, onForeignOrigin = 'pass' } = given
  const origins = given.origins ?? [readBaseOrigin(defaults.baseURL)]
  const client = createAxiosClient(createSend(instance as AxiosInstance))
  const authorize = createAuthorizer(tokens, client, { ...given, origins })
  const manager = instance.interceptors.request as unknown as InterceptorManager
  const eject = () => manager.eject(id)
  const list = [...origins].sort()
  const terms = JSON.stringify([list, onForeignOrigin])
  const attachment: Attachment = { tokens, origins: list, terms, isTokenRejected, eject }
  const attached = listAttachments(manager)
  const known = attached.find((other) => other.tokens === tokens)
  if (known !== undefined) {
    requireSameOptions(known, attachment)
    return known.eject
  }
  requireSeparateOrigins(attached, attachment)
  const send = (call: Call) =>
    authorize(call).then(
      ({ response, rejection }) => {
        if (rejection !== undefined) throw rejection
        return response
      },
      (error) => {
        throw toAxiosError(error, call.config)
      },
    )
  const interceptor = Object.assign(createAdapterWrapper(send), { [mark]: attachment })
  const id = manager.use(interceptor, null, { synchronous: true })
  return eject
}

function requireInstance(instance: Partial<AuthorizableInstance> | undefined): void {
  requireArgument(
    Boolean(instance?.defaults) && typeof instance?.interceptors?.request?.use === 'function',
    'instance',
    'must be an axios instance, such as the one that axios.create({ baseURL }) returns',
  )
}

/** A provider on an instance, with the options that decide where its tokens go. */
interface Attachment extends AttachedProvider {
  /** Its origins and `onForeignOrigin`, as text. */
  readonly terms: string
  readonly isTokenRejected: unknown
  readonly eject: () => void
}

/** Marks an interceptor, so that the instance holds the state for every copy of this package. */
const mark: unique symbol = Symbol.for('countersign.attachment')

type Interceptor = ReturnType<typeof createAdapterWrapper> & { readonly [mark]?: Attachment }

/** The interceptor manager of axios, with its undeclared `forEach`. */
interface InterceptorManager {
  use(interceptor: Interceptor, rejected: null, options: { synchronous: true }): number
  eject(id: number): void
  forEach?(visit: (handler: { fulfilled?: Interceptor | null }) => void): void
}

function listAttachments(manager: InterceptorManager): readonly Attachment[] {
  const attachments: Attachment[] = []
  manager.forEach?.(({ fulfilled }) => {
    if (fulfilled?.[mark] !== undefined) attachments.push(fulfilled[mark])
  })
  return attachments
}

/** Requires the same options, since an origin that was ignored would be without its token. */
function requireSameOptions(known: Attachment, wanted: Attachment): void {
  if (known.terms === wanted.terms && known.isTokenRejected === wanted.isTokenRejected) return
  throw new ConfigurationError(
    'ERR_INVALID_OPTION',
    'This provider is already attached to this instance with other options. Eject it first, or pass all origins at once.',
    'origins',
  )
}
