import type { AuthorizationOptions, RequestAuthorization, TokenSource } from '@countersign/core'
import {
  type AttachedProvider,
  createFetchAuthorizer,
  type FetchCall,
  requireSeparateOrigins,
} from '@countersign/core/adapter'
import type { BeforeRequestHook, InitHook, Options } from 'ky'
import { refuseKy1, requireKy2 } from './ky-version.js'

type Fetch = NonNullable<Options['fetch']>

/**
 * Hooks that authorize the requests of a ky instance: each attempt, ky's own retries included,
 * carries the current token, and a 401 about it is dealt with before ky sees an answer. Timeouts,
 * retries, progress and errors stay ky's own.
 *
 * Per request: `context: { countersign: { scope, resource } }`, or `false` there. ky merges
 * `context` one level deep, so what stands nearest replaces the whole of it. An `init` hook that
 * sets `options.fetch` belongs before these.
 *
 * @throws {ConfigurationError} for options that cannot work, and when ky 1 is installed.
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
  /** Refuses ky 1, which knows no `init` hooks; on ky 2 it takes itself out. */
  beforeRequest: BeforeRequestHook[]
} {
  requireKy2()
  const authorize = createFetchAuthorizer(tokens, options)
  const attached: AttachedProvider = { tokens, origins: [...options.origins] }

  /** Never throws: that would throw out of `ky.get()`. */
  const init: InitHook = (request) => {
    const { fetch, stringifyJson } = request
    let text: string | undefined
    const stringified = (data: unknown) => {
      text = stringifyJson?.(data) ?? JSON.stringify(data)
      return text
    }
    request.stringifyJson = stringified
    // Read when it is sent, for later hooks may change it. ky hands every body over inside a
    // Request, which does not tell a text from a stream; and it is not ky's own where something
    // of the caller's comes between.
    const source = () => {
      if (request.fetch !== wrapped || mayReplaceRequest(request.hooks)) return undefined
      if (request.json === undefined) return request.body
      return request.stringifyJson === stringified ? text : undefined
    }
    const wrapped: Fetch = async (input, given) => {
      requireSeparateOrigins(attachedTo(fetch), attached)
      return authorize(input, given, {
        ...call(request, fetch, source),
        stream: () => request.body,
      })
    }
    request.fetch = Object.assign(wrapped, { [mark]: [...attachedTo(fetch), attached] })
    const guarded = request.hooks?.beforeRequest
    if (guarded) request.hooks = { ...request.hooks, beforeRequest: withoutGuard(guarded) }
  }
  return { init: [init], beforeRequest: [refuseKy1] }
}

/** Marks a fetch with the providers that authorize its requests, for any copy of this package. */
const mark: unique symbol = Symbol.for('countersign.ky-providers')

function attachedTo(fetch: Options['fetch']): readonly AttachedProvider[] {
  return (fetch as { [mark]?: readonly AttachedProvider[] } | undefined)?.[mark] ?? []
}

function call(options: Options, fetch: Options['fetch'], source: () => unknown): FetchCall {
  const authorization = asked(options)
  return { fetch: fetch ?? globalThis.fetch, authorization, source }
}

/** Own members only: what stands on `Object.prototype` is not asked for. */
function asked(options: Options): RequestAuthorization | false | undefined {
  const context = Object.hasOwn(options, 'context') ? options.context : undefined
  if (context === undefined || !Object.hasOwn(context, 'countersign')) return undefined
  return context.countersign as RequestAuthorization | false | undefined
}

/** These hooks may give ky another Request, with another body. */
function mayReplaceRequest(hooks: Options['hooks']): boolean {
  const { beforeRequest = [], beforeRetry = [], afterResponse = [] } = hooks ?? {}
  return beforeRequest.length + beforeRetry.length + afterResponse.length > 0
}

function withoutGuard(hooks: BeforeRequestHook[]): BeforeRequestHook[] {
  return hooks.filter((hook) => hook !== refuseKy1)
}
