import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AnsweredRequest } from './answered-request.js'
import type { AuthorizationServer } from './authorization-server.js'
import { requireKnownMembers } from './known-members.js'
import { startLoopbackServer } from './loopback-server.js'
import { playAnswer } from './played-answer.js'
import { requestBody } from './request-body.js'
import { completeAnswer, type ScriptedAnswer, visibleStatus } from './scripted-answer.js'

/** The options of `createResourceServer`. */
export interface ResourceServerOptions {
  /** Called with each request that was answered. */
  onAnswered?: ((answered: AnsweredRequest) => void) | undefined
}

/** One request at the resource server. */
export interface ResourceRequestRecord {
  /** In upper case. */
  readonly method: string
  /** Path and query, as they came. */
  readonly url: string
  /** The header of that name, as it came. */
  readonly authorization: string | undefined
  /** All of it; empty when there was none. */
  readonly body: Uint8Array
  /** As answered; 0 when the connection was dropped without an answer. */
  readonly status: number
}

/** An API on loopback that accepts the live tokens of one authorization server. */
export interface ResourceServer extends AsyncDisposable {
  /** Its scheme, host and port. */
  readonly origin: string
  /** In order of arrival. */
  readonly requests: readonly ResourceRequestRecord[]
  /** Scripts the next answers, first in, first out; they win over the token's state. */
  next(...answers: readonly ScriptedAnswer[]): void
  /** Ends all connections, kept alive or not. */
  close(): Promise<void>
}

/**
 * Starts an API on 127.0.0.1. A live token gets 200 and `{ ok, method, url }`; anything else gets
 * 401 with the challenge of RFC 6750 section 3.
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
  requireKnownMembers('a resource server', options, ['onAnswered'])
  const requests: ResourceRequestRecord[] = []
  const script: ScriptedAnswer[] = []

  const answerRequest = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await requestBody(request)
    if (!body) return
    const { method = 'GET', url = '/' } = request
    const { authorization } = request.headers
    const own = ownAnswer(authorizationServer, { method, url, authorization })
    const answer = completeAnswer(script.shift(), own)
    const status = visibleStatus(answer)
    requests.push({ method, url, authorization, body: new Uint8Array(body), status })
    playAnswer(response, answer)
  }

  const http = await startLoopbackServer({
    answer: answerRequest,
    onRequest: undefined,
    onAnswered: (answered) => options.onAnswered?.(answered),
  })
  return {
    origin: http.origin,
    requests,
    next: (...answers) => {
      script.push(...answers)
    },
    close: http.close,
    [Symbol.asyncDispose]: http.close,
  }
}

function ownAnswer(
  authorizationServer: AuthorizationServer,
  { method, url, authorization }: Pick<ResourceRequestRecord, 'method' | 'url' | 'authorization'>,
): ScriptedAnswer {
  const token = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
  if (token === undefined) return { status: 401, headers: { 'www-authenticate': 'Bearer' } }
  if (authorizationServer.isLive(token)) return { status: 200, body: { ok: true, method, url } }
  return { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }
}
