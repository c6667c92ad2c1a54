import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { StoredToken, TokenStore } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { createManualClock } from '@countersign/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  faultServer,
  goodToken,
  providerFor,
  rejection,
  standingClock,
  startOfTime,
} from '../../support/provider-under-test.ts'

async function tokenFrom(body: unknown, options: Parameters<typeof providerFor>[1] = {}) {
  const server = await faultServer({ type: 'answer', body })
  const { tokens, events } = providerFor(server.tokenEndpoint, {
    clock: standingClock(),
    ...options,
  })
  const token = await tokens.getAccessToken()
  const warnings = events.flatMap((event) =>
    event.type === 'response-warning' ? [event.warning] : [],
  )
  return { tokens, token, events, warnings }
}

/** The Authorization headers that an API with room for them gets. */
async function startApi() {
  const seen: (string | undefined)[] = []
  const api = createServer({ maxHeaderSize: 65_536 }, (request, response) => {
    seen.push(request.headers.authorization)
    response.end()
  })
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    api.closeAllConnections()
    await new Promise((resolve) => api.close(resolve))
  })
  return { origin: `http://127.0.0.1:${(api.address() as AddressInfo).port}`, seen }
}

describe('the token', () => {
  test.each([
    ['a bar', '1|abc'],
    ['a colon', 'a:b'],
    [
      'every visible character',
      String.fromCharCode(...Array.from({ length: 94 }, (_, i) => i + 33)),
    ],
  ])('with %s arrives at the API as it came', { tags: ['R21'] }, async (_, value) => {
    const { tokens, token, warnings } = await tokenFrom({ ...goodToken, access_token: value })
    const api = await startApi()
    await authorizedFetch(tokens, { origins: [api.origin] })(`${api.origin}/x`)
    expect(token.value).toBe(value)
    expect(api.seen).toEqual([`Bearer ${value}`])
    expect(warnings).toEqual([])
  })

  test.each([
    [16_384, []],
    [16_385, ['token-over-16k']],
    [40_000, ['token-over-16k']],
  ])(
    'of %i characters works; past 16 kB an event says so',
    { tags: ['R22'] },
    async (length, expected) => {
      const value = 'x'.repeat(length)
      const { tokens, warnings } = await tokenFrom({ ...goodToken, access_token: value })
      const api = await startApi()
      await authorizedFetch(tokens, { origins: [api.origin] })(`${api.origin}/x`)
      expect(api.seen).toEqual([`Bearer ${value}`])
      expect(warnings).toEqual(expected)
    },
  )
})

describe('members that nobody asked for', () => {
  const others = {
    refresh_token: 'canary-refresh',
    id_token: 'canary-id',
    expires_at: startOfTime + 9e9,
    expires: 'canary-expires',
    ...Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`x${i}`, `canary-${i}`])),
  }

  test('are neither kept, stored nor told', { tags: ['R27'] }, async () => {
    const stored: StoredToken[] = []
    const store: TokenStore = {
      get: async () => undefined,
      set: async (_, token) => void stored.push(token),
      delete: async () => false,
    }
    const clock = createManualClock(startOfTime)
    const options = { store, clock }
    const { token, events } = await tokenFrom({ ...others, ...goodToken, ...others }, options)
    const { value, tokenType, issuedAt, expiresAt, scope } = token
    const kept = { value, tokenType, issuedAt, expiresAt }
    expect({ ...kept, scope }).toEqual({
      value: 'token-1',
      tokenType: 'Bearer',
      issuedAt: startOfTime,
      expiresAt: startOfTime + 600_000,
      scope: undefined,
    })
    expect(stored).toEqual([kept])
    expect(JSON.stringify([token, stored, events])).not.toContain('canary')
    expect(events.map(({ type }) => type)).toEqual(['token-issued'])
  })
})

describe('the scope', () => {
  test.each([
    ['the same', 'a b', 'a b', []],
    ['in another order', 'b a', 'b a', []],
    ['more than was asked for', 'a b c', 'a b c', []],
    ['not mentioned', undefined, 'a b', []],
    ['null', null, 'a b', []],
    ['empty', '', 'a b', []],
    ['less than was asked for', 'b', 'b', ['scope-reduced']],
    ['another one', 'c', 'c', ['scope-reduced']],
    ['in another case', 'A b', 'A b', ['scope-reduced']],
  ])(
    'asked for and granted %s is told as granted',
    { tags: ['R28'] },
    async (_, scope, granted, expected) => {
      const asked = { scope: 'a b' }
      const { token, warnings } = await tokenFrom({ ...goodToken, scope }, asked)
      expect(token.scope).toBe(granted)
      expect(warnings).toEqual(expected)
    },
  )

  test('reports a scope that was granted without a request', { tags: ['R28'] }, async () => {
    const { token, warnings } = await tokenFrom({ ...goodToken, scope: 'c' })
    expect(token.scope).toBe('c')
    expect(warnings).toEqual([])
  })

  test('reports the scope of a call to that call', { tags: ['R28'] }, async () => {
    const { tokens } = await tokenFrom(goodToken, { scope: 'a b' })
    expect((await tokens.getAccessToken({ scope: 'c' })).scope).toBe('c')
    expect((await tokens.getAccessToken()).scope).toBe('a b')
  })

  test.each([[['a', 'b']], [{}], [7], [true], ['a\nb'], ['\u00e9']])(
    '%j is refused by the name of the member',
    { tags: ['R29'] },
    async (scope) => {
      const server = await faultServer({ type: 'answer', body: { ...goodToken, scope } })
      const { tokens } = providerFor(server.tokenEndpoint, { clock: standingClock() })
      expect(await rejection(tokens.getAccessToken())).toMatchObject({
        name: 'TokenResponseError',
        code: 'ERR_TOKEN_RESPONSE_INVALID',
        field: 'scope',
        message:
          "The token response's scope is not a string of scope tokens (RFC 6749 section 5.1). The token was discarded.",
        retryable: false,
      })
      expect(tokens.currentAccessToken()).toBeUndefined()
      expect(server.requests).toHaveLength(1)
    },
  )
})
