import process from 'node:process'
import { isCountersignError } from '@countersign/core'
import { authorizationHooks } from '@countersign/ky-hook'
import ky, { type Options } from 'ky'
import { readBefore } from './fetch-host.ts'
import type { HostUnderTest } from './host.ts'
import { asyncIterable, nodeStream, webStream } from './one-shot-bodies.ts'

/** A client of one's own with `retry: 0`, so that the suite counts what we send. */
export const kyHost: HostUnderTest = {
  name: `ky ${process.env.KY_VERSION}`,
  redirects: true,
  client({ tokens, baseUrl, isTokenRejected, ...rest }) {
    const options = { ...rest, ...readBefore(isTokenRejected) }
    const hooks = authorizationHooks(tokens, options)
    let api = ky.create({ prefix: baseUrl, retry: 0, throwHttpErrors: false, hooks })
    return {
      async send({ url, body, headers, countersign, ...rest }) {
        const isAbsolute = /^https?:/i.test(url)
        const response = await api(isAbsolute ? new URL(url) : url, {
          ...rest,
          ...(headers && { headers: headers as Record<string, string> }),
          ...(body !== undefined && { body: body as NonNullable<Options['body']> }),
          ...(countersign !== undefined && { context: { countersign } }),
        } as Options)
        return { status: response.status, text: await response.text() }
      },
      attachAgain({ tokens: others = tokens, origins = options.origins } = {}) {
        api = api.extend({ hooks: authorizationHooks(others, { ...options, origins }) })
      },
    }
  },
  oneShotBodies: {
    'a Node stream': nodeStream,
    'a web stream': webStream,
    'an async iterable': asyncIterable,
  },
  isAbort: (error, reason) => error === reason,
  isTimeout: (error) => error instanceof Error && error.name === 'TimeoutError',
  tokenFailure: (error) => (isCountersignError(error) ? error : undefined),
}
