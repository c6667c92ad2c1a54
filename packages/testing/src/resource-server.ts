import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AuthorizationServer } from './authorization-server.js'
import {
  type AnsweredRequest,
  type LoopbackServer,
  type LoopbackServerOptions,
  type ReceivedRequest,
  requireKnownMembers,
  startHttpServer,
} from './loopback-server.js'
import {
  completeAnswer,
  getVisibleStatus,
  playAnswer,
  type ScriptedAnswer,
} from './scripted-answer.js'

/** The options of `createResourceServer`. */
export interface ResourceServerOptions extends LoopbackServerOptions {
  /**
   * Returns the answer to a request with a live token, for clients that expect a format of their own.
   *
   * @default 200 with `{ ok, method, url }`
   */
  answer?:
    | ((request: ReceivedRequest & { readonly body: Uint8Array }) => ScriptedAnswer)
    | undefined
  /** Called with each request that was answered. */
  onAnswered?: ((answered: AnsweredRequest) => void) | undefined
}

/** A request at the resource server. */
export interface ResourceRequestRecord extends ReceivedRequest {
  /** The `authorization` header, as sent. */
  readonly authorization: string | undefined
  /** The whole body; empty if there was none. */
  readonly body: Uint8Array
  /** The status of the response; 0 when the connection was dropped without one. */
  readonly status: number
}

/** An API on loopback that accepts the live tokens of one authorization server. */
export interface ResourceServer extends LoopbackServer {
  /** The requests, in order of arrival. */
  readonly requests: readonly ResourceRequestRecord[]
  /** Scripts the next answers, first in, first out, whether or not the token is live. */
  next(...answers: readonly ScriptedAnswer[]): void
}

/**
 * Starts an API on 127.0.0.1. A request with a live token receives 200 and `{ ok, method, url }`,
 * every other one 401 with the challenge of RFC 6750 section 3.
 *
 * @throws TypeError (as a rejection) for an unknown option.
 *
 * @example
 * ```ts
 * await using api = await createResourceServer(authorizationServer)
 * const response = await fetch(`${api.origin}/accounts`, { headers: { authorization } })
 * ```
 */
export async function createResourceServer(
  authorizationServer: AuthorizationServer,
  options: ResourceServerOptions = {},
): Promise<ResourceServer> {
  if (typeof authorizationServer?.isLive !== 'function')
    throw new TypeError(
      'createResourceServer needs the authorization server whose tokens it accepts',
    )
  requireKnownMembers('a resource server', options, ['answer', 'onAnswered', 'port'])
  const answerLive = options.answer ?? (({ method, url }) => ({ body: { ok: true, method, url } }))
  const requests: ResourceRequestRecord[] = []
  const script: ScriptedAnswer[] = []
  const listeners = {
    answer: async (request: IncomingMessage, response: ServerResponse) => {
      const body = new Uint8Array(Buffer.concat(await request.toArray()))
      const { method = 'GET', url = '/' } = request
      const { authorization } = request.headers
      const token = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
      const challenge = token === undefined ? 'Bearer' : 'Bearer error="invalid_token"'
      const own = authorizationServer.isLive(token ?? '')
        ? answerLive({ method, url, body })
        : { status: 401, headers: { 'www-authenticate': challenge } }
      const answer = completeAnswer(script.shift(), own)
      const status = getVisibleStatus(answer)
      requests.push({ method, url, authorization, body, status })
      playAnswer(response, answer)
    },
    onAnswered: options.onAnswered,
  }
  const http = await startHttpServer(listeners, options)
  return { ...http, requests, next: (...answers) => void script.push(...answers) }
}
