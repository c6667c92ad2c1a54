import { setImmediate } from 'node:timers/promises'
import type { Clock } from '@countersign/core'
import { createManualClock } from '@countersign/testing'
import { expect, test } from 'vitest'
import { TokenRequestFailure } from '#core/issued-token.js'
import { createServerMemory } from '#core/token-endpoint/server-memory.js'
import { requestToken } from '#core/token-endpoint/token-client.js'

const good = { access_token: 'token-1', token_type: 'Bearer', expires_in: 600 }

/** One call of the token endpoint, which gives these answers in turn. */
function tokenRequest(...answers: readonly (() => Response | Promise<Response>)[]) {
  const clock = createManualClock()
  const events: object[] = []
  const left = [...answers]
  let sent = 0
  const settings = {
    ...{ clientId: 'client-1', tokenEndpoint: 'https://as.example/token', parameters: {} },
    ...{ timeout: 10_000, clock, random: () => 1, proxyVariable: () => undefined },
    memory: createServerMemory(),
    sent: {
      ...{ clientId: 'client-1', audience: 'https://as.example/token', lifetimeSeconds: 60 },
      ...{ alg: 'ES256', kid: 'k1', thumbprint: undefined },
    },
    sign: async (_: number) => 'header.payload.signature',
    retries: 2,
    emit: (event: object) => void events.push(event),
    fetch: async () => {
      sent += 1
      return (left.shift() ?? expect.unreachable('sent too often'))()
    },
  }
  const call = {
    access: { scope: undefined as string | undefined, resource: [] },
    ...{ isProbe: false, forceRenewal: false, rejected: () => undefined },
    ...{ deadline: 10_000, signal: new AbortController().signal },
    closing: new AbortController().signal,
    ownToken: () => ({ spare: 0, window: 0 }),
  }
  return { clock, events, settings, call, sent: () => sent }
}

const answer = (body: object, init?: ResponseInit) => () => Response.json(body, init)

/** Returns the error of a request with a bad response. */
async function failure(request: Promise<unknown>): Promise<TokenRequestFailure> {
  const thrown = await request.catch((error: unknown) => error)
  if (!(thrown instanceof TokenRequestFailure)) expect.unreachable(String(thrown))
  return thrown
}

test.each([
  ['a b', 'a', ['scope-reduced']],
  ['a b', 'b a', []],
  ['a b', undefined, []],
  [undefined, 'a', []],
])(
  'of the scope %j the grant of %j warns %j',
  { tags: ['R28'] },
  async (asked, scope, warnings) => {
    const { settings, call, events } = tokenRequest(answer({ ...good, scope }))
    await requestToken(settings, { ...call, access: { ...call.access, scope: asked } })
    expect(events).toEqual(warnings.map((warning) => ({ type: 'response-warning', warning })))
  },
)

test.each([
  ['a b', 'a', 'a'],
  ['a b', undefined, 'a b'],
  [undefined, 'a', 'a'],
  [undefined, undefined, undefined],
])(
  'of the scope %j and the grant of %j the token has %j',
  { tags: ['R28'] },
  async (asked, granted, scope) => {
    const { settings, call } = tokenRequest(answer({ ...good, scope: granted }))
    const access = { ...call.access, scope: asked }
    const { token } = await requestToken(settings, { ...call, access })
    expect('scope' in token ? token.scope : undefined).toBe(scope)
    expect('scope' in token).toBe(scope !== undefined)
  },
)

/** The pauses of 1 s before another request end at once. */
function withoutPauses(settings: ReturnType<typeof tokenRequest>['settings']) {
  const { clock } = settings
  const wait: Clock['wait'] = (ms, signal) =>
    ms === 1_000 ? Promise.resolve() : clock.wait(ms, signal)
  return { ...settings, clock: { ...clock, wait } }
}

test.each([
  ['jumps ahead', 0, 1_000],
  ['jumps back', 1_000, -1_000],
])(
  'a token of 1 s is over by whichever clock went further, if the wall clock %s',
  { tags: ['C7'] },
  async (_, ms, jump) => {
    const slow = async () => {
      await clock.advance(ms)
      clock.setWallClock(clock.now() + jump)
      return Response.json({ ...good, expires_in: 1 })
    }
    const { settings, call, clock } = tokenRequest(slow, slow, slow)
    const { error } = await failure(requestToken(withoutPauses(settings), call))
    expect(error).toMatchObject({ code: 'ERR_TOKEN_RESPONSE_INVALID', field: 'expires_in' })
  },
)

test.each([
  [999, undefined],
  [1_000, 'over'],
])('a token of 1 s that takes %i ms to arrive is %s', { tags: ['C7'] }, async (ms, outcome) => {
  const slow = async () => {
    await clock.advance(ms)
    return Response.json({ ...good, expires_in: 1 })
  }
  const { settings, call, clock } = tokenRequest(slow, slow, slow)
  const request = requestToken(withoutPauses(settings), call)
  if (outcome === undefined) {
    expect((await request).token.value).toBe('token-1')
    return
  }
  expect((await failure(request)).error).toMatchObject({
    ...{ code: 'ERR_TOKEN_RESPONSE_INVALID', field: 'expires_in', retryable: true },
    message:
      'The token had expired when its response arrived: expires_in counts from when the request was sent.',
  })
})

test.each([undefined, null, 'a text'])(
  'a fetch that resolves with %j is an attempt that failed',
  async (response) => {
    const { settings, call, events, sent } = tokenRequest(async () => response as never)
    const { error } = await failure(requestToken({ ...settings, retries: 0 }, call))
    expect(error).toMatchObject({ code: 'ERR_TOKEN_NETWORK', attempts: 1 })
    expect(events).toMatchObject([{ type: 'token-request-failed', attempt: 1 }])
    expect(sent()).toBe(1)
  },
)

test('a clock that gives no number is named, and nothing is sent', async () => {
  const { settings, call, clock, sent } = tokenRequest()
  const broken = { ...settings, clock: { ...clock, now: () => Number.NaN } }
  await expect(requestToken(broken, call)).rejects.toMatchObject({
    ...{ name: 'ConfigurationError', code: 'ERR_CLOCK', option: 'clock' },
    message: 'clock.now() must return epoch milliseconds.',
  })
  expect(sent()).toBe(0)
})

test('a flight that was given up while its assertion was signed sends nothing', {
  tags: ['E19'],
}, async () => {
  const flight = new AbortController()
  const { settings, call, sent } = tokenRequest()
  const sign = async () => {
    flight.abort(new Error('given up'))
    return 'header.payload.signature'
  }
  const request = requestToken({ ...settings, sign }, { ...call, signal: flight.signal })
  await expect(request).rejects.toThrow('given up')
  expect(sent()).toBe(0)
})

test('a Retry-After that reaches the deadline is not waited for, a shorter one is', {
  tags: ['O10'],
}, async () => {
  const busy = (seconds: number) =>
    answer({}, { status: 429, headers: { 'retry-after': String(seconds) } })
  const late = tokenRequest(async () => {
    await late.clock.advance(4_000)
    return busy(6)()
  })
  const { error, retryAfter } = await failure(requestToken(late.settings, late.call))
  expect([error.code, retryAfter]).toEqual(['ERR_TOKEN_RATE_LIMITED', 6_000])
  const told = { type: 'token-request-failed', error, attempt: 1 }
  expect(late.events).toEqual([{ ...told, duration: 4_000, retryIn: undefined }])

  const early = tokenRequest(async () => {
    await early.clock.advance(4_000)
    return busy(5)()
  }, answer(good))
  const request = requestToken(early.settings, early.call)
  while (early.events.length === 0) await setImmediate()
  expect(early.events).toMatchObject([{ duration: 4_000, retryIn: 5_000 }])
  await early.clock.advance(5_000)
  expect(await request).toMatchObject({ token: { value: 'token-1' }, attempts: 2 })
})

test.each([[{ error: '' }], [{ error: 7 }]])(
  '%j beside a token is no error',
  { tags: ['R5'] },
  async (more) => {
    const { settings, call } = tokenRequest(answer({ ...good, ...more }))
    expect((await requestToken(settings, call)).token.value).toBe('token-1')
  },
)
