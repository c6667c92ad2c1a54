import diagnostics from 'node:diagnostics_channel'
import { readFileSync } from 'node:fs'
import type { ClientRequest } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { hosts, startScene } from '../support/leak-scene.ts'
import { refused } from '../support/recording-api.ts'

const page = readFileSync(new URL('../../SECURITY.md', import.meta.url), 'utf8')

/** A request as the platform shows it to subscribers, such as tracing. */
interface Traced {
  readonly url: string
  readonly headers: string
}

function traced(): Traced[] {
  const seen: Traced[] = []
  const listen = (channel: string, listener: (message: never) => void) => {
    diagnostics.subscribe(channel, listener as never)
    onTestFinished(() => void diagnostics.unsubscribe(channel, listener as never))
  }
  listen('undici:request:create', ({ request }: { request: UndiciRequest }) => {
    const headers = JSON.stringify(request.headers)
    seen.push({ url: `${request.origin}${request.path}`, headers })
  })
  listen('http.client.request.start', ({ request }: { request: ClientRequest }) => {
    const { protocol, host, path } = request
    const url = `${protocol}//${host}${path}`
    seen.push({ url, headers: JSON.stringify(request.getHeaders()) })
  })
  return seen
}

interface UndiciRequest {
  readonly origin: string
  readonly path: string
  readonly headers: unknown
}

describe.each(Object.entries(hosts))('through %s', (_, make) => {
  test('what is traced holds the token in a header, as SECURITY.md says, and never in a URL', {
    tags: ['L7', 'L11'],
  }, async () => {
    const { api, tokens, search, server } = await startScene()
    const seen = traced()
    const { send } = make(tokens, { origins: [api.origin] })
    api.next(refused)
    const url = `${api.origin}/accounts?page=2`

    await send(url)

    const { tokenEndpoint } = server
    const withoutPort = (text: string) => text.replace(/:\d+/, '')
    expect(seen.map((request) => withoutPort(request.url))).toEqual(
      [tokenEndpoint, url, tokenEndpoint, url].map(withoutPort),
    )
    expect(search.isIn(seen.map((request) => request.url).join(' '))).toBe(false)
    expect(api.seen.map((request) => request.url)).toEqual(Array(2).fill('/accounts?page=2'))
    const told = seen.filter(({ headers }) => search.isIn(headers))
    expect(told.map((request) => withoutPort(request.url))).toEqual([url, url].map(withoutPort))
  })
})

test.each([
  [/diagnostics_channel` receives each request with its `Authorization` header/],
  [/`NODE_DEBUG=net` prints headers/],
  [
    /`process\.report` contains the environment. A heap snapshot or a core dump contains the memory/,
  ],
  [/Tokens are compared as plain strings, not in constant time/],
])('SECURITY.md states %s', { tags: ['L7', 'L10', 'L14'] }, (statement) => {
  expect(page).toMatch(statement)
})
