import type { AnsweredRequest, AnsweredTokenServerRequest } from '@countersign/testing'
import { harmless, type Say } from './output.js'

/** Logs a request at the authorization server: never a token or an assertion. */
export function logTokenServerRequest(answered: AnsweredTokenServerRequest, say: Say): void {
  const { tokenRequest } = answered
  if (tokenRequest === undefined) {
    log({ ...answered, type: 'other-request', why: 'at the authorization server' }, say)
    return
  }
  const { clientId, refusal } = tokenRequest
  const why = harmless(refusal ?? `a token for ${clientId}`)
  log({ ...answered, type: 'token-request', why, json: { clientId, refusal } }, say)
}

/** Logs a request at the API. */
export function logApiRequest(answered: AnsweredRequest, say: Say): void {
  log({ ...answered, type: 'api-request' }, say)
}

interface Logged extends AnsweredRequest {
  readonly type: 'token-request' | 'api-request' | 'other-request'
  readonly why?: string
  /** What JSON has in place of method and path. */
  readonly json?: object
}

function log({ type, status, method, url, why, json }: Logged, say: Say): void {
  const path = harmless(url.split('?')[0] ?? '')
  say({ type, status, ...(json ?? { method, path }) }, (paint) => {
    const reason = why === undefined ? [] : [paint('dim', why)]
    return [paint(status < 400 ? 'green' : 'red', String(status)), method, path, ...reason].join(
      ' ',
    )
  })
}
