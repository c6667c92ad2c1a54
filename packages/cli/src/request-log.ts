import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AuthorizationServer, ResourceServer } from '@countersign/testing'
import { harmless, type Say } from './output.js'

/** Node publishes each answer of each server here, also those that no record is kept of. */
const answers = 'http.server.response.finish'

interface Logged {
  readonly type: 'token-request' | 'api-request' | 'other-request'
  readonly status: number
  readonly [member: string]: unknown
}

interface Answered {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly server: Server
}

/** Says each request once it is answered: what came and what it got, no token and no assertion. */
export function requestLog(
  { requests: tokenRequests, tokenEndpoint }: AuthorizationServer,
  { requests: apiRequests }: ResourceServer,
  say: Say,
): { stop(): void } {
  const { pathname: path, port } = new URL(tokenEndpoint)
  let [tokens, calls] = [0, 0]
  const look = () => {
    for (; tokenRequests[tokens]?.status; tokens += 1) {
      const { status, clientId, refusal } = tokenRequests[tokens] as (typeof tokenRequests)[number]
      const why = refusal ?? `a token for ${clientId}`
      line(say, { type: 'token-request', status, clientId, refusal }, `POST ${path}`, harmless(why))
    }
    for (; calls < apiRequests.length; calls += 1) {
      const { method, url, status } = apiRequests[calls] as (typeof apiRequests)[number]
      const shown = shownPath(url)
      line(say, { type: 'api-request', status, method, path: shown }, `${method} ${shown}`)
    }
  }
  const answered = (message: unknown) => {
    look()
    const { request, response, server } = message as Answered
    const { method = '', url = '' } = request
    const shown = shownPath(url)
    const isOfAuthorizationServer = String((server.address() as AddressInfo | null)?.port) === port
    if (!isOfAuthorizationServer || (method === 'POST' && shown === path)) return
    const { statusCode: status } = response
    const why = 'at the authorization server'
    line(say, { type: 'other-request', status, method, path: shown }, `${method} ${shown}`, why)
  }
  subscribe(answers, answered)
  return {
    stop: () => {
      unsubscribe(answers, answered)
      look()
    },
  }
}

function line(say: Say, json: Logged, ...[what, why]: readonly [what: string, why?: string]): void {
  const { status } = json
  say(json, (paint) => {
    const told = why === undefined ? [] : [paint('dim', why)]
    return [paint(status < 400 ? 'green' : 'red', String(status)), what, ...told].join(' ')
  })
}

function shownPath(url: string): string {
  return harmless(url.split('?')[0] ?? '')
}
