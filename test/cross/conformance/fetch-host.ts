import { isCountersignError } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import type { Answered, HostUnderTest } from './host.ts'
import { asyncIterable, nodeStream, webStream } from './one-shot-bodies.ts'

/** Reads the response for a check that knows no client. */
export function readBefore(check?: (answered: Answered) => boolean | Promise<boolean>) {
  if (check === undefined) return {}
  return {
    isTokenRejected: async (response: Response) =>
      check({ status: response.status, text: await response.text() }),
  }
}

export const fetchHost: HostUnderTest = {
  name: 'fetch',
  redirects: true,
  nests: true,
  client({ tokens, baseUrl, isTokenRejected, ...rest }) {
    const options = { ...rest, ...readBefore(isTokenRejected) }
    let send = authorizedFetch(tokens, options)
    return {
      async send({ url, json, body, headers, timeout, signal, ...rest }) {
        const response = await send(new URL(url, baseUrl), {
          ...rest,
          ...(headers && { headers: headers as Record<string, string> }),
          ...(json === undefined ? { body: body as string } : { body: JSON.stringify(json) }),
          ...(signal && { signal }),
          ...(timeout && { signal: AbortSignal.timeout(timeout) }),
          ...({ duplex: 'half' } as object),
        })
        return { status: response.status, text: await response.text() }
      },
      attachAgain({ tokens: others = tokens, origins = options.origins } = {}) {
        const fetch = send as typeof globalThis.fetch
        send = authorizedFetch(others, { ...options, origins, fetch })
      },
    }
  },
  oneShotBodies: {
    'a Node stream': nodeStream,
    'a web stream': webStream,
    'an async iterable': asyncIterable,
  },
  isAbort: (error, reason) => error === reason,
  isTimeout: (error) => error instanceof DOMException && error.name === 'TimeoutError',
  tokenFailure: (error) => (isCountersignError(error) ? error : undefined),
}
