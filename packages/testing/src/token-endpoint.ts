import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RegisteredClient } from './client-registration.js'
import {
  completeAnswer,
  getVisibleStatus,
  isPartial,
  playAnswer,
  type ScriptedAnswer,
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

/** Issues a token for a token request, and returns the token response. */
type Issue = (clientId: string, form: URLSearchParams) => Promise<object>

type Mutable<T> = { -readonly [Member in keyof T]: T[Member] }

/**
 * Creates an endpoint that records, checks and answers token requests.
 *
 * @internal
 */
export function createTokenEndpoint(issue: Issue, now: () => number) {
  const clients = new Map<string, RegisteredClient>()
  const requests: TokenRequestRecord[] = []
  const records = new WeakMap<ServerResponse, TokenRequestRecord>()
  const script: ScriptedAnswer[] = []
  const holds = new Set<Promise<unknown>>()
  const used = new Set<string>()

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const at = now()
    const form = new URLSearchParams(Buffer.concat(await request.toArray()).toString())
    const { header, claims } = readAssertion(form)
    const clientId = form.get('client_id') ?? readText(claims.sub)
    const jti = readText(claims.jti)
    const record: Mutable<TokenRequestRecord> = { at, clientId, jti, header, claims, status: 0 }
    // All of this in one turn: record, script and holds belong to the moment of arrival.
    requests.push(record)
    records.set(response, record)
    const scripted = script.shift()
    const held = [...holds]

    const client = clients.get(clientId)
    const rejection = await checkTokenRequest(request, form, { client, used, now: at })
    if (rejection) record.refusal = `${rejection.error}: ${rejection.reason}`
    const own = rejection ? reject(rejection) : grant(undefined)
    record.status = getVisibleStatus(completeAnswer(scripted, own))

    await Promise.all(held)
    const isGranted = !rejection && isPartial(scripted) && record.status !== 0
    const issued = isGranted && !response.destroyed ? grant(await issue(clientId, form)) : own
    playAnswer(response, completeAnswer(scripted, issued))
  }

  return {
    clients,
    requests,
    answer,
    findRecord: (response: ServerResponse) => records.get(response),
    next: (...answers: readonly ScriptedAnswer[]) => void script.push(...answers),
    hold: () => {
      const ended = new AbortController()
      const held = once(ended.signal, 'abort')
      holds.add(held)
      return () => {
        holds.delete(held)
        ended.abort()
      }
    },
  }
}

const readText = (claim: unknown) => (typeof claim === 'string' ? claim : '')
const headers = { 'cache-control': 'no-store' }

function grant(body: object | undefined): ScriptedAnswer {
  return { status: 200, headers, body }
}

function reject({ error, reason }: TokenError): ScriptedAnswer {
  // RFC 6749 section 5.2 allows printable ASCII without quotation mark and backslash.
  const error_description = reason.replaceAll('"', "'").replaceAll(/[^\x20-\x7e]|\\/g, '?')
  const status = error === 'invalid_client' ? 401 : 400
  return { status, headers, body: { error, error_description } }
}
