import type { AuthorizationServer, ResourceServer } from '@countersign/testing'
import { harmless, type Say } from './output.js'

const interval = 100

/** Says each request once it is answered: what came and what it got, no token and no assertion. */
export function requestLog(
  { requests: tokenRequests, tokenEndpoint }: AuthorizationServer,
  { requests: apiRequests }: ResourceServer,
  say: Say,
): { stop(): void } {
  const path = new URL(tokenEndpoint).pathname
  let [tokens, calls] = [0, 0]
  const look = () => {
    for (; tokenRequests[tokens]?.status; tokens += 1) {
      const { status, clientId, refusal } = tokenRequests[tokens] as (typeof tokenRequests)[number]
      const why = refusal ?? `a token for ${clientId}`
      say({ type: 'token-request', status, clientId, refusal }, (paint) =>
        [paint(colour(status), String(status)), 'POST', path, paint('dim', harmless(why))].join(
          ' ',
        ),
      )
    }
    for (; calls < apiRequests.length; calls += 1) {
      const { method, url, status } = apiRequests[calls] as (typeof apiRequests)[number]
      const shown = harmless(url.split('?')[0] ?? '')
      say({ type: 'api-request', status, method, path: shown }, (paint) =>
        [paint(colour(status), String(status)), method, shown].join(' '),
      )
    }
  }
  const timer = setInterval(look, interval)
  return {
    stop: () => {
      clearInterval(timer)
      look()
    },
  }
}

function colour(status: number): 'green' | 'red' {
  return status < 400 ? 'green' : 'red'
}
