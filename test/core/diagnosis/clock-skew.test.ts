import type { TokenEndpointError, TokenEvent, TokenProviderOptions } from '@countersign/core'
import {
  createAuthorizationServer,
  type Fault,
  type FaultRequestRecord,
} from '@countersign/testing'
import { decodeJwt } from 'jose'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { startAuthorizationServer } from '../../../examples/servers/authorization-server.ts'
import { ecPair } from '../../support/keys.ts'
import { offClock } from '../../support/off-clock.ts'
import {
  expectNoSecret,
  faultServer,
  goodToken,
  jtiOf,
  providerFor,
  rejection,
  standingClock,
  startOfTime,
  wireOf,
} from '../../support/provider-under-test.ts'

type Answer = Omit<Extract<Fault, { type: 'answer' }>, 'type'>

/** Refuses an assertion, by a clock that is off by that many milliseconds. */
function refused(offset: number, more: Answer = {}): Fault {
  const headers = { date: new Date(startOfTime + offset).toUTCString(), ...more.headers }
  return { type: 'answer', status: 401, body: { error: 'invalid_client' }, ...more, headers }
}

const granted: Fault = { type: 'answer', body: goodToken }
const tenMinutes = 600_000

async function scene(faults: readonly Fault[], options: Partial<TokenProviderOptions> = {}) {
  const server = await faultServer(...faults)
  const clock = standingClock()
  const { tokens, events } = providerFor(server.tokenEndpoint, { clock, ...options })
  /** When each assertion says that it was issued, less the five seconds. */
  const issued = () =>
    server.requests.map((request) => Number(claimsOf(request).iat) * 1000 + 5_000)
  return { server, clock, tokens, events, issued }
}

function claimsOf(request: FaultRequestRecord) {
  return decodeJwt(new URLSearchParams(wireOf(request).body).get('client_assertion') ?? '')
}

const { privateKey, publicJwk } = ecPair()

async function startTestKit(): Promise<{ tokenEndpoint: string } & AsyncDisposable> {
  const server = await createAuthorizationServer()
  server.register({ clientId: 'client-1', jwks: { keys: [publicJwk] } })
  return server
}

async function startOidcProvider(): Promise<{ tokenEndpoint: string } & AsyncDisposable> {
  const client = { clientId: 'client-1', publicKey: publicJwk, tokenLifetimeSeconds: 600 }
  const { tokenEndpoint, close } = await startAuthorizationServer(
    [{ ...client, algorithm: 'ES256' }],
    'https://api.example.com',
  )
  return { tokenEndpoint, [Symbol.asyncDispose]: close }
}

const skews = (events: readonly TokenEvent[]) =>
  events.filter(({ type }) => type === 'clock-skew').map((event) => Reflect.get(event, 'offset'))

describe('a clock half a minute ahead', { tags: ['A9'] }, () => {
  const clock = offClock(30_000)

  test.each([
    ['the test kit', startTestKit],
    ['oidc-provider', startOidcProvider],
  ])('is no reason to refuse for %s', async (_, start) => {
    await using server = await start()
    const { tokens, events } = providerFor(server.tokenEndpoint, { clock, key: privateKey })
    await tokens.getAccessToken()
    expect(events).toMatchObject([{ type: 'token-issued', attempts: 1 }])
  })

  test('gives an assertion that is dated back five seconds, and has no nbf', async () => {
    const { server, tokens } = await scene([granted])
    await tokens.getAccessToken()
    const claims = claimsOf(server.requests[0] as FaultRequestRecord)
    expect(Object.keys(claims).sort()).toEqual(['aud', 'exp', 'iat', 'iss', 'jti', 'sub'])
    expect(claims.iat).toBe(startOfTime / 1000 - 5)
  })
})

describe('a clock that is off', { tags: ['A10'] }, () => {
  test.each([
    ['ten minutes behind', tenMinutes, tenMinutes],
    ['five seconds behind', 5_000, 5_000],
    ['ten minutes ahead', -tenMinutes, 999 - tenMinutes],
    ['six seconds ahead', -6_000, -5_001],
    ['an hour behind', 3_600_000, 3_600_000],
  ])('%s is learnt from a refusal, and the next attempt is accepted', async (_, off, offset) => {
    const { server, tokens, events, issued } = await scene([refused(off), granted], { retries: 0 })
    const token = await tokens.getAccessToken()
    expect(issued()).toEqual([startOfTime, Math.floor((startOfTime + offset) / 1000) * 1000])
    expect(events).toMatchObject([
      { type: 'token-request-failed', attempt: 1, retryIn: 0 },
      { type: 'clock-skew', offset },
      { type: 'token-issued', attempts: 2 },
    ])
    expect(new Set(server.requests.map(jtiOf)).size).toBe(2)
    // A token's life is counted by the clock that it will be judged by.
    expect([token.issuedAt, token.expiresAt]).toEqual([startOfTime, startOfTime + 600_000])
  })

  test('is corrected from then on, for every scope of the provider', async () => {
    const { tokens, events, issued } = await scene([refused(tenMinutes), granted])
    await tokens.getAccessToken()
    await tokens.getAccessToken({ forceRenewal: true })
    await tokens.getAccessToken({ scope: 'another' })
    expect(issued()).toEqual([startOfTime, ...Array(3).fill(startOfTime + tenMinutes)])
    expect(skews(events)).toEqual([tenMinutes])
  })

  test('and is then set right is learnt again, in all', async () => {
    const { tokens, events, issued } = await scene([
      refused(tenMinutes),
      granted,
      refused(0),
      granted,
    ])
    await tokens.getAccessToken()
    await tokens.getAccessToken({ forceRenewal: true })
    expect(skews(events)).toEqual([tenMinutes, 0])
    expect(issued().at(-1)).toBe(startOfTime)
  })

  test('states the clock first in the error if the correction did not help, and corrects no more', async () => {
    const { server, clock, tokens, events, issued } = await scene([refused(tenMinutes)], {
      retries: 2,
    })
    const error = (await rejection(tokens.getAccessToken())) as TokenEndpointError
    expect(server.requests).toHaveLength(2)
    expect(error).toMatchObject({ code: 'ERR_OAUTH', error: 'invalid_client', attempts: 2 })
    expect(error.hints[0]).toBe(
      "The clock here is 600 s behind the server's Date, and correcting that did not help.",
    )
    expect(error.message).toContain(
      `Probably the clock here is 600 s behind the server's Date, and`,
    )
    expect(skews(events)).toEqual([tenMinutes])
    expectNoSecret(server, error, events)
    // The next token request begins by the clock as it is.
    clock.endHoldOff()
    await rejection(tokens.getAccessToken({ scope: 'another' }))
    expect(issued()).toEqual([
      startOfTime,
      startOfTime + tenMinutes,
      startOfTime,
      startOfTime + tenMinutes,
    ])
  })

  test('by a Date that lies poisons no later request', async () => {
    const { clock, tokens, issued } = await scene([
      granted,
      refused(tenMinutes),
      refused(tenMinutes),
      granted,
    ])
    await tokens.getAccessToken()
    await rejection(tokens.getAccessToken({ forceRenewal: true }))
    clock.endHoldOff()
    await tokens.getAccessToken({ scope: 'another' })
    expect(issued().at(-1)).toBe(startOfTime)
  })

  test('by a Date that lies to two scopes at once poisons no later request', async () => {
    const [one, other] = [refused(tenMinutes), refused(tenMinutes + 1_000)]
    const { clock, tokens, issued } = await scene([one, other, one, other, granted])
    await Promise.allSettled([
      tokens.getAccessToken({ scope: 'one' }),
      tokens.getAccessToken({ scope: 'other' }),
    ])
    clock.endHoldOff()
    await tokens.getAccessToken({ scope: 'another' })
    expect(issued().at(-1)).toBe(startOfTime)
  })

  test('does not keep the correction if the second attempt fails for another reason', async () => {
    const { clock, tokens, issued } = await scene([
      refused(tenMinutes),
      { type: 'answer', status: 404 },
      granted,
    ])
    await rejection(tokens.getAccessToken())
    clock.endHoldOff()
    await tokens.getAccessToken({ scope: 'another' })
    expect(issued()).toEqual([startOfTime, startOfTime + tenMinutes, startOfTime])
  })

  test.each([
    ['behind', 3_601_000],
    ['ahead of', -3_602_000],
  ])('and more than an hour %s the server is told, and not corrected', async (side, off) => {
    const { server, tokens, events } = await scene([refused(off)])
    const error = (await rejection(tokens.getAccessToken())) as TokenEndpointError
    expect(server.requests).toHaveLength(1)
    expect(skews(events)).toEqual([])
    expect(error.hints[0]).toBe(`The clock here is 3601 s ${side} the server's Date: set it right.`)
  })

  test('by fifty minutes is not corrected by thirty more', async () => {
    const minute = 60_000
    const { server, tokens, events } = await scene([
      refused(50 * minute),
      { ...granted, headers: { date: new Date(startOfTime + 50 * minute).toUTCString() } },
      refused(80 * minute),
    ])
    await tokens.getAccessToken()
    await rejection(tokens.getAccessToken({ forceRenewal: true }))
    expect(server.requests).toHaveLength(3)
    expect(skews(events)).toEqual([50 * minute, 0])
  })

  test('does not use up a retry', async () => {
    const busy: Fault = { type: 'answer', status: 503 }
    const { tokens, server } = await scene([refused(tenMinutes), busy, busy, granted])
    await tokens.getAccessToken()
    expect(server.requests).toHaveLength(4)
  })

  test('is tried by the probe after a failure too', async () => {
    const clock = { ...standingClock() }
    let now = 0
    clock.monotonic = () => now
    const { tokens, server } = await scene(
      [{ type: 'answer', status: 404 }, refused(tenMinutes), granted],
      { clock },
    )
    await rejection(tokens.getAccessToken())
    now += 1_000
    clock.now = () => startOfTime + 1_000
    await tokens.getAccessToken()
    expect(server.requests).toHaveLength(3)
  })

  test.each<[string, Fault]>([
    ['with invalid_grant', refused(tenMinutes, { body: { error: 'invalid_grant' } })],
    ['with 400', refused(tenMinutes, { status: 400 })],
  ])('is learnt from a refusal %s', async (_, fault) => {
    const { tokens, events } = await scene([fault, granted])
    await tokens.getAccessToken()
    expect(skews(events)).toEqual([tenMinutes])
  })

  test.each([401, 403])(
    'is not learnt from a %i without an OAuth error: the server is asked once more',
    async (status) => {
      const { tokens, events, issued } = await scene([
        refused(tenMinutes, { status, body: {} }),
        granted,
      ])
      await tokens.getAccessToken()
      await tokens.getAccessToken({ forceRenewal: true })
      expect(issued()).toEqual(Array(3).fill(startOfTime))
      expect(skews(events)).toEqual([])
    },
  )

  test.each<[string, Fault]>([
    ['a token', granted],
    ['an error', { type: 'answer', status: 503, body: '' }],
  ])('is not corrected any more after %s with the right time', async (_, fault) => {
    const date = new Date(startOfTime).toUTCString()
    const { tokens, events, issued } = await scene([
      refused(tenMinutes),
      {
        type: 'answer',
        body: goodToken,
        headers: { date: new Date(startOfTime + tenMinutes).toUTCString() },
      },
      { ...fault, headers: { date } } as Fault,
      granted,
    ])
    await tokens.getAccessToken()
    await tokens.getAccessToken({ forceRenewal: true }).catch(() => {})
    await tokens.getAccessToken({ scope: 'another' })
    expect(issued().slice(0, 3)).toEqual([
      startOfTime,
      startOfTime + tenMinutes,
      startOfTime + tenMinutes,
    ])
    expect(issued().at(-1)).toBe(startOfTime)
    expect(skews(events)).toEqual([tenMinutes, 0])
  })

  test.each<[string, number, Fault]>([
    ['of less than five seconds', 1, refused(4_000)],
    ['that the server does not tell', 1, { ...refused(0), headers: {} } as Fault],
    ['that is garbage', 1, refused(0, { headers: { date: 'soon' } })],
    ['beside invalid_scope', 1, refused(tenMinutes, { body: { error: 'invalid_scope' } })],
    ['beside a 404', 1, refused(tenMinutes, { status: 404, body: '' })],
    ['beside a 429', 3, refused(tenMinutes, { status: 429 })],
    ['beside a 503', 3, refused(tenMinutes, { status: 503 })],
  ])('%s is not corrected', async (_, requests, fault) => {
    const { tokens, events, server, issued } = await scene([fault])
    const error = (await rejection(tokens.getAccessToken())) as TokenEndpointError
    expect(server.requests).toHaveLength(requests)
    expect(skews(events)).toEqual([])
    expect(new Set(issued())).toEqual(new Set([startOfTime]))
    expect(error.message).not.toContain('clock')
  })
})

describe('a clock that gives no number', { tags: ['A11'] }, () => {
  afterEach(() => void vi.restoreAllMocks())

  test.each([Number.NaN, Number.POSITIVE_INFINITY, undefined as unknown as number])(
    'but %s is an error, and nothing is sent',
    async (now) => {
      vi.spyOn(Date, 'now').mockReturnValue(now)
      const server = await faultServer()
      const { tokens } = providerFor(server.tokenEndpoint)
      expect(await rejection(tokens.getAccessToken())).toMatchObject({
        ...{ name: 'ConfigurationError', code: 'ERR_CLOCK', option: 'clock', retryable: false },
        message: 'clock.now() must return epoch milliseconds.',
      })
      expect(server.requests).toHaveLength(0)
    },
  )
})
