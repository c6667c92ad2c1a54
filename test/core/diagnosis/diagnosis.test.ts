import { inspect } from 'node:util'
import {
  createTokenProvider,
  type Jwk,
  type KeyInput,
  type TokenEndpointError,
  type TokenEvent,
  type TokenTransportError,
} from '@countersign/core'
import { createAuthorizationServer, createManualClock } from '@countersign/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ecPair } from '../../support/keys.ts'
import {
  faultServer,
  providerFor,
  rejection,
  standingClock,
} from '../../support/provider-under-test.ts'

describe('a token endpoint that is not reached, where a proxy is set', () => {
  const proxy = 'http://user:hunter2@127.0.0.1:9'

  beforeEach(() => vi.stubEnv('HTTPS_PROXY', proxy))
  afterEach(() => void vi.unstubAllEnvs())

  /** An endpoint whose server has gone. */
  async function goneEndpoint(): Promise<string> {
    const server = await faultServer()
    await server.close()
    return server.tokenEndpoint
  }

  test('names the variable of the proxy that fetch ignored', {
    tags: ['E6', 'E21'],
  }, async () => {
    const clock = standingClock()
    const { tokens, events } = providerFor(await goneEndpoint(), { clock })
    const error = (await rejection(tokens.getAccessToken())) as TokenTransportError
    expect(error).toMatchObject({ code: 'ERR_TOKEN_NETWORK', cause: { code: 'ECONNREFUSED' } })
    expect(error.hints).toEqual([
      "HTTPS_PROXY is set, but Node's fetch ignores it: start Node with NODE_USE_ENV_PROXY=1, or pass a `fetch` with a ProxyAgent.",
      'Check host, port and proxy.',
    ])
    expect(error.message).toMatch(
      /^The token request to (127\.0\.0\.1:\d+) failed: connect ECONNREFUSED \1: nothing is listening there\. HTTPS_PROXY is set, /,
    )
    const shown = inspect([error, events], { depth: 10, showHidden: true, getters: true })
    expect(shown).not.toContain('hunter2')
  })

  test('names none if a fetch was passed or Node.js respects the variable', {
    tags: ['E6', 'E21'],
  }, async () => {
    const endpoint = await goneEndpoint()
    const clock = standingClock()
    const own = providerFor(endpoint, { clock, fetch: (url, init) => fetch(url, init) })
    const { hints } = (await rejection(own.tokens.getAccessToken())) as TokenTransportError
    expect(hints).toEqual(['Check host, port and proxy.'])
    vi.stubEnv('NODE_USE_ENV_PROXY', '1')
    const heeded = providerFor(endpoint, { clock })
    const error = (await rejection(heeded.tokens.getAccessToken())) as TokenTransportError
    expect(error.hints).toEqual(['Check host, port and proxy.'])
  })

  test('names it after a timeout, too', { tags: ['E13', 'E21'] }, async () => {
    const server = await faultServer({ type: 'silence' })
    const { tokens } = providerFor(server.tokenEndpoint, { timeout: 100, retries: 0 })
    const error = (await rejection(tokens.getAccessToken())) as TokenTransportError
    expect(error.code).toBe('ERR_TOKEN_TIMEOUT')
    expect(error.hints[0]).toMatch(/^HTTPS_PROXY is set, but Node's fetch ignores it: /)
  })
})

test('a key that has just rotated is the first suspect, until the server knows it', async () => {
  const [old, fresh] = [ecPair(), ecPair()]
  await using server = await createAuthorizationServer()
  const oldJwk = { ...old.publicJwk, kid: 'old' }
  const register = (...keys: readonly Jwk[]) =>
    server.register({ clientId: 'client-1', jwks: { keys } })
  register(oldJwk)
  let key: KeyInput = { key: old.privateKey, kid: 'old' }
  const { tokenEndpoint } = server
  // For other causes a server that gives no reasons.
  const body = { error: 'invalid_client' }
  const clock = createManualClock(Date.now())
  const tokens = createTokenProvider({ clientId: 'client-1', tokenEndpoint, key: () => key, clock })
  await tokens.getAccessToken()
  key = { key: fresh.privateKey, kid: 'fresh' }
  server.next({ status: 401, body })
  const refused = tokens.getAccessToken({ forceRenewal: true })
  expect(((await rejection(refused)) as TokenEndpointError).hints[0]).toBe(
    'The key (kid fresh) is new: the server has not read the new JWK Set yet.',
  )
  register(oldJwk, { ...fresh.publicJwk, kid: 'fresh' })
  await clock.advance(1_000)
  await tokens.getAccessToken({ scope: 'another' })
  server.next({ status: 401, body })
  const again = tokens.getAccessToken({ scope: 'a third' })
  expect(((await rejection(again)) as TokenEndpointError).hints[0]).toMatch(/^The public key is/)
})

describe('an audience', { tags: ['A4'] }, () => {
  /** Returns the events of a provider during its construction. */
  function toldAtConstruction(audience: string | undefined): TokenEvent[] {
    const { events } = providerFor('https://login.example.com/token', {
      assertion: audience === undefined ? {} : { audience },
    })
    return events
  }

  test.each(['https://other.example.com/token', 'https://login.example.com:8443/token'])(
    'on another host, such as %s, is an event at construction, for some servers want it',
    (audience) => {
      expect(toldAtConstruction(audience)).toEqual([
        {
          ...{ clientId: 'client-1', tokenEndpoint: 'https://login.example.com/token' },
          ...{ scope: undefined, resource: [] },
          ...{ type: 'configuration-warning', warning: 'audience-on-another-host' },
        },
      ])
    },
  )

  test.each([
    undefined,
    'https://login.example.com/token/',
    'https://login.example.com',
    'urn:example:as',
    'an-issuer',
  ])('that is %s is none', (audience) => {
    expect(toldAtConstruction(audience)).toEqual([])
  })
})

test('the hints go along when an error is logged as JSON', async () => {
  const server = await faultServer({ type: 'answer', status: 403 })
  const { tokens } = providerFor(server.tokenEndpoint, { clock: standingClock() })
  const error = (await rejection(tokens.getAccessToken())) as TokenEndpointError
  expect(error.hints).toHaveLength(2)
  expect(JSON.parse(JSON.stringify(error)).hints).toEqual(error.hints)
})

test.each([
  ['unknown kid', ['kid']],
  ['wrong aud', ['assertion.audience']],
  ['the client may not ask for this scope', ['scope']],
  ['wrong signature', []],
])('names the options to check for %j', async (description, options) => {
  await using server = await createAuthorizationServer()
  server.next({ status: 401, body: { error: 'invalid_client', error_description: description } })
  const { tokens } = providerFor(server.tokenEndpoint)
  const error = (await rejection(tokens.getAccessToken())) as TokenEndpointError
  expect(error.options).toEqual(options)
  expect(error.toJSON()).toMatchObject({ options })
})
