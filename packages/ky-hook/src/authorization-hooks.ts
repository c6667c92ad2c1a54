import type { AuthorizationOptions, RequestAuthorization, TokenSource } from '@countersign/core'
import {
  type AttachedProvider,
  createFetchAuthorizer,
  requireSeparateOrigins,
} from '@countersign/core/adapter'
import type { BeforeRequestHook, InitHook, Options } from 'ky'
import { rejectKy1, requireKy2 } from './ky-version.js'

type Fetch = NonNullable<Options['fetch']>

/**
 * Creates hooks that add access tokens to the requests of a ky instance. Each attempt carries the
 * current token, including ky's own retries. A 401 that rejects the token is handled before ky sees
 * the response. Timeouts, retries, progress and errors remain those of ky.
 *
 * A request chooses its token with `context: { countersign: { scope, resource } }`, and is sent
 * untouched with `context: { countersign: false }`. ky merges `context` one level deep, so the
 * nearest `countersign` replaces the others. Put an `init` hook that sets `options.fetch` before
 * these hooks.
 *
 * @param tokens - The provider of the tokens.
 * @param options - `origins` that receive the token, `onForeignOrigin`, `isTokenRejected` and
 * `onEvent`.
 * @returns hooks for `ky.create` or `extend`.
 * @throws {ConfigurationError} for invalid options, and if ky 1 is installed.
 * @example
 * ```ts
 * const api = ky.create({
 *   prefix: 'https://api.example.com',
 *   hooks: authorizationHooks(tokens, { origins: ['https://api.example.com'] }),
 * })
 * ```
 * @see RFC 6750 section 2.1
 */
export function authorizationHooks(
  tokens: TokenSource,
  options: AuthorizationOptions,
): {
  /** Wraps the fetch of each request. */
  init: InitHook[]
  /** Rejects ky 1, which has no `init` hooks. On ky 2 the `init` hook removes it. */
  beforeRequest: BeforeRequestHook[]
} {
  requireKy2()
  const authorize = createFetchAuthorizer(tokens, options)
  const attached: AttachedProvider = { tokens, origins: [...options.origins] }

  // An error that it throws would be thrown by `ky.get()` itself, so it throws none.
  const init: InitHook = (request) => {
    const { fetch, stringifyJson } = request
    let json: string | undefined
    const rememberJson = (data: unknown) => {
      json = stringifyJson?.(data) ?? JSON.stringify(data)
      return json
    }
    request.stringifyJson = rememberJson
    // ky puts every body in a Request, which hides whether it is a string or a stream. The options
    // show it, unless another hook or another fetch may have replaced the Request. They are read
    // when the request is sent, since later hooks may change them.
    const readSource = () => {
      if (request.fetch !== send || mayReplaceRequest(request.hooks)) return undefined
      if (request.json === undefined) return request.body
      return request.stringifyJson === rememberJson ? json : undefined
    }
    const providers = listProviders(request.hooks?.init)
    const send: Fetch = async (input, given) => {
      if (providers.length > 1) requireSeparateOrigins(providers, attached)
      return authorize(input, given, {
        fetch: fetch ?? globalThis.fetch,
        authorization: readRequestAuthorization(request),
        source: readSource,
        stream: () => request.body,
      })
    }
    request.fetch = send
    const { beforeRequest } = request.hooks ?? {}
    if (beforeRequest)
      request.hooks = { ...request.hooks, beforeRequest: removeGuard(beforeRequest) }
  }
  return { init: [Object.assign(init, { [mark]: attached })], beforeRequest: [rejectKy1] }
}

/** Marks an `init` hook with its provider, for every copy of this package. */
const mark: unique symbol = Symbol.for('countersign.ky-provider')

/** Lists the providers of an instance, even if other hooks wrap the fetch between them. */
function listProviders(hooks: readonly InitHook[] = []): readonly AttachedProvider[] {
  const marked = hooks as readonly (InitHook & { readonly [mark]?: AttachedProvider })[]
  return marked.flatMap((hook) => hook[mark] ?? [])
}

/** Ignores a `context` or `countersign` on `Object.prototype`. */
function readRequestAuthorization(options: Options): RequestAuthorization | false | undefined {
  const context = Object.hasOwn(options, 'context') ? options.context : undefined
  if (context === undefined || !Object.hasOwn(context, 'countersign')) return undefined
  return context.countersign as RequestAuthorization | false | undefined
}

/** Whether hooks may pass another Request to ky, with another body. */
function mayReplaceRequest(hooks: Options['hooks']): boolean {
  const { beforeRequest = [], beforeRetry = [], afterResponse = [] } = hooks ?? {}
  return beforeRequest.length + beforeRetry.length + afterResponse.length > 0
}

function removeGuard(hooks: BeforeRequestHook[]): BeforeRequestHook[] {
  return hooks.filter((hook) => hook !== rejectKy1)
}
