import type { Clock } from '@countersign/core'
import { type ClientRegistration, readRegistration } from './client-registration.js'
import { createIssuedTokens } from './issued-tokens.js'
import {
  type AnsweredRequest,
  type LoopbackServerOptions,
  type ReceivedRequest,
  requireKnownMembers,
  startHttpServer,
} from './loopback-server.js'
import { playAnswer, type ScriptedAnswer } from './scripted-answer.js'
import { createTokenEndpoint, type TokenRequestRecord } from './token-endpoint.js'

/** The options of `createAuthorizationServer`. */
export interface AuthorizationServerOptions extends LoopbackServerOptions {
  /** The clock by which assertions and tokens expire, and which `Date` shows. @default The wall clock. */
  clock?: Clock | undefined
  /** The lifetime of access tokens, in seconds. @default 600 */
  lifetimeSeconds?: number | undefined
  /** The format of access tokens. @default 'opaque' */
  format?: 'opaque' | 'jwt' | undefined
  /** The issuer in JWT access tokens. @default The origin of the server. */
  issuer?: string | undefined
  /**
   * Called with each request when it arrives, before the server looks at it. What `register` is
   * called with here already applies to this request. An exception is not caught.
   */
  onRequest?: ((request: ReceivedRequest) => void) | undefined
  /** Called with each request that was answered, also with those that `requests` does not record. */
  onAnswered?: ((answered: AnsweredTokenServerRequest) => void) | undefined
}

/** A request that the authorization server has answered, at any path. */
export interface AnsweredTokenServerRequest extends AnsweredRequest {
  /** The record in `requests`; undefined if the request was not a token request. */
  readonly tokenRequest: TokenRequestRecord | undefined
}

/** An authorization server on loopback for the client credentials grant (RFC 6749 section 4.4). */
export interface AuthorizationServer extends AsyncDisposable {
  /** The issuer identifier (RFC 8414 section 2). */
  readonly issuer: string
  /** The URL of the token endpoint. */
  readonly tokenEndpoint: string
  /** The URL of the public keys of JWT access tokens. */
  readonly jwksUri: string
  /**
   * Registers a client, or replaces its registration.
   *
   * @throws TypeError for an unknown member, a missing client ID or keys, or a private key.
   */
  register(client: ClientRegistration): void
  /** Scripts the next token responses, first in, first out. Requests are checked as well. */
  next(...answers: readonly ScriptedAnswer[]): void
  /**
   * Holds token requests: they are checked and recorded when they arrive, and answered when the
   * returned function is called. Tokens are issued then, too.
   */
  hold(): () => void
  /** The lifetime of tokens issued from now on, in seconds. */
  lifetimeSeconds: number
  /** Checks whether this server issued the token, and it has neither expired nor been revoked. */
  isLive(token: string): boolean
  /** Revokes every token issued before this call. */
  revokeAll(): void
  /** The token requests, in order of arrival. */
  readonly requests: readonly TokenRequestRecord[]
  /** The number of tokens issued, without those in scripted bodies. */
  readonly issued: number
  /** Ends all connections and stops listening. A second call does nothing. */
  close(): Promise<void>
}

const optionNames = [
  ...['clock', 'lifetimeSeconds', 'format', 'issuer', 'port', 'onRequest', 'onAnswered'],
]

/**
 * Starts an authorization server on 127.0.0.1 that verifies client assertions (`private_key_jwt`,
 * RFC 7523) by the rules of `checkAssertion` and answers as RFC 6749 section 5 states. It also
 * serves its JWK Set.
 *
 * @throws TypeError (as a rejection) for an unknown option.
 *
 * @example
 * ```ts
 * await using server = await createAuthorizationServer({ lifetimeSeconds: 600 })
 * server.register({ clientId: 'institution-1', jwks: { keys: [publicJwk] } })
 * const { tokenEndpoint } = server
 * ```
 */
export async function createAuthorizationServer(
  options: AuthorizationServerOptions = {},
): Promise<AuthorizationServer> {
  requireKnownMembers('an authorization server', options, optionNames)
  const { clock, format = 'opaque', onRequest, onAnswered } = options
  const now = () => (clock ? clock.now() : Date.now())
  const tokens = await createIssuedTokens(format, now)
  const issue = (clientId: string, form: URLSearchParams) => {
    server.issued += 1
    return tokens.issue(clientId, form, server)
  }
  const { answer, clients, findRecord, ...endpoint } = createTokenEndpoint(issue, now)
  const listeners: Parameters<typeof startHttpServer>[0] = {
    answer: async (request, response) => {
      if (clock) response.setHeader('date', new Date(clock.now()).toUTCString())
      const path = request.url?.split('?')[0]
      if (path === '/jwks') playAnswer(response, { body: tokens.jwks })
      // How a program finds out whether the server can be reached.
      else if (request.method === 'HEAD') playAnswer(response, { status: 200 })
      else if (path !== '/token') playAnswer(response, { status: 404 })
      else if (request.method === 'POST') await answer(request, response)
      else playAnswer(response, { status: 405, headers: { allow: 'POST' } })
    },
    onRequest,
    onAnswered: (answered, response) =>
      onAnswered?.({ ...answered, tokenRequest: findRecord(response) }),
  }
  const { origin, ...http } = await startHttpServer(listeners, options)

  const server: AuthorizationServer & { issued: number } = {
    issuer: options.issuer ?? origin,
    tokenEndpoint: `${origin}/token`,
    jwksUri: `${origin}/jwks`,
    register: (client) =>
      void clients.set(client.clientId, readRegistration(client, server.tokenEndpoint)),
    lifetimeSeconds: options.lifetimeSeconds ?? 600,
    isLive: tokens.isLive,
    revokeAll: tokens.revokeAll,
    issued: 0,
    ...endpoint,
    ...http,
  }
  return server
}
