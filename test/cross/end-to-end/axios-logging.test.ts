import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { inspect } from 'node:util'
import { addAuthorization } from '@countersign/axios-interceptor'
import { redactError } from '@countersign/core'
import axios, { AxiosError, type CreateAxiosDefaults } from 'axios'
import { expect, test } from 'vitest'
import { otherKey } from '../../support/keys.ts'
import { rejection } from '../../support/waiting.ts'
import { startServers } from './example-program.ts'

const page = await readFile(new URL('../../../docs/guides/axios.md', import.meta.url), 'utf8')
const redacted = [...(/redact: \[(.*?)\]/.exec(page)?.[1] ?? '').matchAll(/'(.*?)'/g)].map(
  ([, path = '']) => path,
)

const ways: Record<string, CreateAxiosDefaults> = {
  'as it comes': {},
  'without redirects': { maxRedirects: 0 },
  'of a stream': { responseType: 'stream' },
  'of the fetch adapter': { adapter: 'fetch' },
}

for (const [way, config] of Object.entries(ways)) {
  test(`an AxiosError ${way} is logged without the token, as docs/guides/axios.md says`, {
    tags: ['L4'],
  }, async () => {
    const { api, tokens } = await startServers()
    const instance = axios.create({ baseURL: api.origin, ...config })
    addAuthorization(instance, tokens)
    api.next({ status: 500 })

    const error = await rejection(instance.get('/accounts'))

    const { value } = await tokens.getAccessToken()
    expect(api.requests[0]?.authorization).toBe(`Bearer ${value}`)
    if (!(error instanceof AxiosError)) expect.unreachable('no AxiosError')
    expect(inspect(error)).toContain(value)
    expect(inspect(error.config, { depth: 10 })).not.toContain(value)
    expect(inspect(error.response?.config, { depth: 10 })).not.toContain(value)
    expect(JSON.stringify(error)).not.toContain(value)
    expect(JSON.stringify(redactError(error))).not.toContain(value)
    // The fetch adapter's request has no members of its own.
    expect(membersWith(value, error, [])).toHaveLength(config.adapter === 'fetch' ? 0 : 1)
    expect(membersWith(value, error, redacted)).toEqual([])
  })
}

test('the AxiosError of a stream upload is logged without the token, as docs/guides/axios.md says', {
  tags: ['L4'],
}, async () => {
  const { api, tokens } = await startServers()
  const instance = axios.create({ baseURL: api.origin })
  addAuthorization(instance, tokens)
  api.next({ status: 500 })

  const error = await rejection(instance.post('/accounts', Readable.from(['a', 'b'])))

  const { value } = await tokens.getAccessToken()
  if (!(error instanceof AxiosError)) expect.unreachable('no AxiosError')
  // Why the page warns of it.
  expect(JSON.stringify(error)).toContain(value)
  const withoutBody = redacted.filter((path) => path !== 'err.config.data')
  expect(membersWith(value, error, withoutBody)).toEqual([
    expect.stringMatching(/^err\.config\.data\./),
  ])
  expect(membersWith(value, error, redacted)).toEqual([])
  expect(JSON.stringify(redactError(error))).not.toContain(value)
})

test('an error without a token has the members that docs/guides/axios.md lists', async () => {
  const { tokens } = await startServers(otherKey)
  const instance = axios.create({ baseURL: 'http://127.0.0.1:9' })
  addAuthorization(instance, tokens)

  const error = await rejection(instance.get('/a?b=c'))

  if (!(error instanceof AxiosError)) expect.unreachable('no AxiosError')
  const { message } = error
  const own = { name: 'AxiosError', message, code: 'ERR_OAUTH' }
  const request = { method: 'GET', url: 'http://127.0.0.1:9/a' }
  expect(redactError(error)).toEqual({ ...own, ...request, stack: error.stack })
  const ofCause = { message, name: 'TokenEndpointError', code: 'ERR_OAUTH', status: 401 }
  expect(redactError(error.cause)).toEqual({ ...ofCause, stack: error.cause?.stack })
  expect(JSON.parse(JSON.stringify(error.cause))).toMatchObject({
    ...ofCause,
    retryable: false,
    hints: [expect.stringContaining('public key is not registered')],
    nextAttemptAt: expect.any(Number),
  })
})

/** The first enumerable member that holds the text, as a serializer that copies them meets it. */
function membersWith(text: string, error: object, leftOut: readonly string[]): string[] {
  const seen = new Set<unknown>()
  const waiting: [path: string, value: unknown][] = [['err', error]]
  for (const [path, value] of waiting) {
    if (leftOut.includes(path) || seen.has(value)) continue
    if (typeof value === 'string' && value.includes(text)) return [path]
    if (typeof value !== 'object' || value === null) continue
    seen.add(value)
    for (const [name, member] of Object.entries(value)) waiting.push([`${path}.${name}`, member])
  }
  return []
}
