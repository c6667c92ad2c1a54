import { request as httpRequest } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { buffer } from 'node:stream/consumers'
import type { TokenFetch } from '@countersign/core'

/**
 * A fetch on `node:http` and `node:https`, as people write one who need what Node's own does not
 * take: client certificates, a proxy, an agent.
 *
 * @param options - Per request: what `request` of these modules takes.
 */
export function nodeFetch(options: (url: URL) => RequestOptions): TokenFetch {
  return (target, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const url = new URL(target)
      const send = url.protocol === 'https:' ? httpsRequest : httpRequest
      const request = send(url, {
        ...(method && { method }),
        headers: {
          ...(headers as Record<string, string>),
          host: url.host,
          'content-length': String(body).length,
        },
        ...(signal && { signal }),
        ...options(url),
      })
      request.once('error', reject)
      request.once('response', (response) => {
        const { statusCode: status = 0, headers } = response
        const type = headers['content-type'] ?? ''
        buffer(response).then(
          (bytes) => resolve(new Response(bytes, { status, headers: { 'content-type': type } })),
          reject,
        )
      })
      request.end(body)
    })
}
