import { hasUserinfo, parseHttpUrl } from '../http-url.js'
import { snapshot } from '../snapshot.js'
import type { Authorizer } from './exchange.js'
import type { RequestEvent } from './request-event.js'

type Reason = Extract<RequestEvent, { type: 'authorization-skipped' }>['reason']

/** The headers of a request that is sent as it is. */
export const untouched: Readonly<Record<string, string>> = Object.freeze(snapshot({}))

const mostRemembered = 100

/**
 * Creates a function that sends a request without the token, and reports it once per origin and
 * reason. A 401 to such a request is reported once as well. A token request is not reported.
 */
export function createSkippedSend<R, O>(
  { client, report }: Pick<Authorizer<R, O>, 'client' | 'report'>,
  isTokenEndpoint: (url: string) => boolean,
): (exchange: { request: R; url: string | undefined }, reason: Reason) => Promise<O> {
  const reported = new Set<string>()

  return ({ request, url = '' }, reason) => {
    const answer = client.send(request, untouched)
    if (report === undefined || isTokenEndpoint(url)) return answer
    const target = parseHttpUrl(url)
    const event = {
      type: 'authorization-skipped',
      origin: target?.origin ?? '',
      method: client.method(request),
      reason:
        target && reason !== 'opted-out' && hasUserinfo(target) ? 'own-authorization' : reason,
    } as const
    reportOnce(event)
    return Promise.resolve(answer).then((outcome) => {
      if (client.status(outcome) === 401) reportOnce({ ...event, status: 401 })
      return outcome
    })
  }

  function reportOnce(event: RequestEvent & { status?: 401 }): void {
    const key = JSON.stringify({ ...event, method: undefined })
    if (reported.has(key)) return
    const [oldest = ''] = reported
    if (reported.size === mostRemembered) reported.delete(oldest)
    reported.add(key)
    report?.(event)
  }
}
