import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '@countersign/core'
import type { AnsweredRequest, ReceivedRequest } from './answered-request.js'
import { readAssertion } from './assertion-check.js'
import {
  type ClientRegistration,
  type RegisteredClient,
  registeredClient,
} from './client-registration.js'
import { createIssuedTokens } from './issued-tokens.js'
import { requireKnownMembers } from './known-members.js'
import { startLoopbackServer } from './loopback-server.js'
import { playAnswer } from './played-answer.js'
import { requestBody } from './request-body.js'
import { completeAnswer, type ScriptedAnswer, visibleStatus } from './scripted-answer.js'
import { type TokenRefusal, wrongClient, wrongForm, wrongScope } from './token-request.js'

/** What `createAuthorizationServer` takes; all of it may be left out. */
export interface AuthorizationServerOptions {
  /** By which assertions and tokens expire, and what `Date` says; the wall clock when left out. */
  clock?: Clock | undefined
  /** Of the access tokens, in seconds; 600 when left out. */
  lifetimeSeconds?: number | undefined
  /** Of the access tokens; 'opaque' when left out. */
  format?: 'opaque' | 'jwt' | undefined
  /** What metadata and tokens say; the server's origin when left out. */
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

/** One request at the token endpoint, whatever came of it. */
export interface TokenRequestRecord {
  /** Epoch milliseconds of its arrival, by the server's clock. */
  readonly at: number
  /** As the form says, else the assertion's `sub`; empty when neither does. */
  readonly clientId: string
  /** Of the assertion; empty when it has none. */
  readonly jti: string
  /** Of the assertion; empty when it cannot be read. */
  readonly header: object
  /** Of the assertion; empty when they cannot be read. */
  readonly claims: object
  /** As answered; 0 until that is decided, and when the connection was dropped without one. */
  readonly status: number
  /** Error code and reason, when the request was not acceptable, even if a script answered it. */
  readonly refusal?: string
}

/** An authorization server on loopback for the client credentials grant (RFC 6749 section 4.4). */
export interface AuthorizationServer extends AsyncDisposable {
  /** Its identifier (RFC 8414 section 2). */
  readonly issuer: string
  /** A URL for the option of that name. */
  readonly tokenEndpoint: string
  /** Where the public keys of its JWT access tokens are. */
  readonly jwksUri: string
  /**
   * Makes a client known, or replaces what was known of it.
   *
   * @throws TypeError for an unknown member, no client id, no keys, or a private key.
   */
  register(client: ClientRegistration): void
  /** Scripts the next token responses, first in, first out. Requests are checked all the same. */
  next(...answers: readonly ScriptedAnswer[]): void
  /**
   * From now on requests are checked and recorded when they arrive, and answered when the
   * returned function is called; tokens are issued then, too.
   */
  hold(): () => void
  /** Of the tokens issued from now on, in seconds. */
  lifetimeSeconds: number
  /** Whether this server issued the token, and it has neither expired nor been revoked. */
  isLive(token: string): boolean
  /** Refuses every token issued before this call. */
  revokeAll(): void
  /** In order of arrival. */
  readonly requests: readonly TokenRequestRecord[]
  /** How many tokens were issued; those in scripted bodies are not. */
  readonly issued: number
  /** Ends all connections, kept alive or not. */
  close(): Promise<void>
}

type Mutable<T> = { -readonly [Member in keyof T]: T[Member] }

/**
 * Starts an authorization server on 127.0.0.1 which verifies client assertions for real
 * (`private_key_jwt`, RFC 7523) and answers as RFC 6749 section 5 says. It also serves its JWKS
 * and its metadata (RFC 8414).
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
  requireKnownMembers('an authorization server', options, [
    'clock',
    'lifetimeSeconds',
    'format',
    'issuer',
    'onRequest',
    'onAnswered',
  ])
  const { clock, format = 'opaque', onRequest, onAnswered } = options
  const now = () => (clock ? clock.now() : Date.now())
  const clients = new Map<string, RegisteredClient>()
  const requests: TokenRequestRecord[] = []
  const recordOf = new WeakMap<ServerResponse, TokenRequestRecord>()
  const script: ScriptedAnswer[] = []
  const holds = new Set<Promise<void>>()
  const seen = new Set<string>()
  let lifetimeSeconds = options.lifetimeSeconds ?? 600

  const tokens = await createIssuedTokens(format, now, () => issuer)
  const http = await startLoopbackServer({
    answer: (request, response) => {
      if (clock) response.setHeader('date', new Date(clock.now()).toUTCString())
      return route(request, response)
    },
    onRequest,
    onAnswered: (answered, response) =>
      onAnswered?.({ ...answered, tokenRequest: recordOf.get(response) }),
  })
  const issuer = options.issuer ?? http.origin
  const tokenEndpoint = `${http.origin}/token`
  const jwksUri = `${http.origin}/jwks`

  const route = async (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url?.split('?')[0]
    if (path === '/token') {
      if (request.method === 'POST') return answerTokenRequest(request, response)
      return playAnswer(response, { status: 405, headers: { allow: 'POST' } })
    }
    if (path === '/jwks') return playAnswer(response, { body: tokens.jwks })
    if (
      path === '/.well-known/openid-configuration' ||
      path === '/.well-known/oauth-authorization-server'
    ) {
      return playAnswer(response, { body: metadata(issuer, tokenEndpoint, jwksUri) })
    }
    return playAnswer(response, { status: 404 })
  }

  const answerTokenRequest = async (request: IncomingMessage, response: ServerResponse) => {
    const at = now()
    const body = await requestBody(request)
    if (!body) return
    const form = new URLSearchParams(body.toString())
    const { header, claims } = readAssertion(form.get('client_assertion') ?? '')
    const clientId = form.get('client_id') ?? text(claims.sub)
    const record: Mutable<TokenRequestRecord> = {
      at,
      clientId,
      jti: text(claims.jti),
      header,
      claims,
      status: 0,
    }
    // All of this in one turn: record, script and holds belong to the moment of arrival.
    requests.push(record)
    recordOf.set(response, record)
    const scripted = script.shift()
    const held = [...holds]

    const client = clients.get(clientId)
    const refusal =
      wrongForm(request, form) ??
      (await wrongClient(form, client, { now, seen })) ??
      wrongScope(form, client)
    if (refusal) record.refusal = `${refusal.error}: ${refusal.reason}`
    const own: ScriptedAnswer = refusal ? refusalAnswer(refusal) : { status: 200 }
    record.status = visibleStatus(completeAnswer(scripted, own))

    await Promise.all(held)
    const answer = completeAnswer(scripted, own)
    const grants = !refusal && answer.drop !== 'before-headers' && answer.body === undefined
    const isOwn = scripted?.status === undefined
    if (!grants || !isOwn || response.destroyed) return playAnswer(response, answer)
    playAnswer(response, completeAnswer(scripted, await grantAnswer(clientId, form)))
  }

  const grantAnswer = async (clientId: string, form: URLSearchParams): Promise<ScriptedAnswer> => {
    const expiresIn = lifetimeSeconds
    const scope = form.get('scope') || undefined
    const token = await tokens.issue({
      clientId,
      scope,
      audience: form.getAll('resource'),
      lifetimeSeconds: expiresIn,
    })
    return {
      status: 200,
      headers: { 'cache-control': 'no-store' },
      body: {
        access_token: token,
        token_type: 'Bearer',
        expires_in: expiresIn,
        ...(scope === undefined ? {} : { scope }),
      },
    }
  }

  return {
    issuer,
    tokenEndpoint,
    jwksUri,
    register: (client) => {
      clients.set(client.clientId, registeredClient(client, tokenEndpoint))
    },
    next: (...answers) => {
      script.push(...answers)
    },
    hold: () => {
      let release = () => {}
      const held = new Promise<void>((resolve) => {
        release = resolve
      })
      holds.add(held)
      return () => {
        holds.delete(held)
        release()
      }
    },
    get lifetimeSeconds() {
      return lifetimeSeconds
    },
    set lifetimeSeconds(seconds) {
      lifetimeSeconds = seconds
    },
    isLive: tokens.isLive,
    revokeAll: tokens.revokeAll,
    requests,
    get issued() {
      return tokens.count
    },
    close: http.close,
    [Symbol.asyncDispose]: http.close,
  }
}

function text(claim: unknown): string {
  return typeof claim === 'string' ? claim : ''
}

function refusalAnswer({ error, reason }: TokenRefusal): ScriptedAnswer {
  return {
    status: error === 'invalid_client' ? 401 : 400,
    headers: { 'cache-control': 'no-store' },
    // RFC 6749 section 5.2 allows printable ASCII without quotation mark and backslash.
    body: { error, error_description: reason.replaceAll(/[^\x20-\x7e]|["\\]/g, '?') },
  }
}

function metadata(issuer: string, tokenEndpoint: string, jwksUri: string): object {
  return {
    issuer,
    token_endpoint: tokenEndpoint,
    jwks_uri: jwksUri,
    response_types_supported: [],
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: ['ES256', 'PS256', 'RS256'],
  }
}
