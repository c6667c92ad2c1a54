import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RegisteredClient } from './client-registration.js'
import type { IssuedTokens } from './issued-tokens.js'
import { readBody } from './loopback-server.js'

import {
  completeAnswer,
  isPartial,
  playAnswer,
  type ScriptedAnswer,
  visibleStatus,
} from './scripted-answer.js'
import { checkTokenRequest, readAssertion, type TokenError } from './token-request.js'

/** A request at the token endpoint, whatever its result. */
export interface TokenRequestRecord {
  /** The time of arrival by the server's clock, in epoch milliseconds. */
  readonly at: number
  /** The `client_id` of the form, otherwise the assertion's `sub`; empty without both. */
  readonly clientId: string
  /** The `jti` of the assertion; empty if it has none. */
  readonly jti: string
  /** The header of the assertion; empty if it cannot be read. */
  readonly header: object
  /** The claims of the assertion; empty if they cannot be read. */
  readonly claims: object
  /** The status of the response; 0 before it is decided, and for a connection that was dropped. */
  readonly status: number
  /** The error code and the reason of a rejection, even if a script answered the request. */
  readonly refusal?: string
}

/** The token endpoint of an authorization server. */
export interface TokenEndpoint {
  readonly requests: readonly TokenRequestRecord[]
  findRecord(response: ServerResponse): TokenRequestRecord | undefined
  next(...answers: readonly ScriptedAnswer[]): void
  hold(): () => void
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>
}

type Mutable<T> = { -readonly [Member in keyof T]: T[Member] }

/** Creates an endpoint that records, checks and answers token requests. */
export function createTokenEndpoint(
  clients: ReadonlyMap<string, RegisteredClient>,
  tokens: IssuedTokens,
  now: () => number,
): TokenEndpoint {
  const requests: TokenRequestRecord[] = []
  const records = new WeakMap<ServerResponse, TokenRequestRecord>()
  const script: ScriptedAnswer[] = []
  const holds = new Set<Promise<void>>()
  const used = new Set<string>()

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const at = now()
    const body = await readBody(request)
    if (!body) return
    const form = new URLSearchParams(body.toString())
    const assertion = readAssertion(form)
    const { header, claims } = assertion
    const clientId = form.get('client_id') ?? textOf(claims.sub)
    const jti = textOf(claims.jti)
    const record: Mutable<TokenRequestRecord> = { at, clientId, jti, header, claims, status: 0 }
    // All of this in one turn: record, script and holds belong to the moment of arrival.
    requests.push(record)
    records.set(response, record)
    const scripted = script.shift()
    const held = [...holds]

    const client = clients.get(clientId)
    const error = await checkTokenRequest(request, { form, assertion, client, now, used })
    if (error) record.refusal = `${error.code}: ${error.reason}`
    const checked = completeAnswer(scripted, error ? errorAnswer(error) : { status: 200 })
    record.status = visibleStatus(checked)

    await Promise.all(held)
    const isGranted = !error && isPartial(scripted) && record.status !== 0 && !response.destroyed
    const own = isGranted && (await tokens.grant(clientId, form))
    playAnswer(response, own ? completeAnswer(scripted, own) : checked)
  }

  return {
    requests,
    findRecord: (response) => records.get(response),
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
    answer,
  }
}

function textOf(claim: unknown): string {
  return typeof claim === 'string' ? claim : ''
}

function errorAnswer({ code, reason }: TokenError): ScriptedAnswer {
  // RFC 6749 section 5.2 allows printable ASCII without quotation mark and backslash.
  const description = reason.replaceAll('"', "'").replaceAll(/[^\x20-\x7e]|\\/g, '?')
  return {
    status: code === 'invalid_client' ? 401 : 400,
    headers: { 'cache-control': 'no-store' },
    body: { error: code, error_description: description },
  }
}
