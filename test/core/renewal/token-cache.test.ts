import { type AccessToken, ConfigurationError, type TokenEvent } from '@countersign/core'
import { createManualClock } from '@countersign/testing'
import { describe, expect, test } from 'vitest'
import { type IssuedToken, type TokenCall, TokenRequestFailure } from '#core/issued-token.js'
import { createHoldOff } from '#core/renewal/hold-off.js'
import { createSingleFlight } from '#core/renewal/single-flight.js'
import {
  createTokenCache,
  type Obtained,
  type TokenCacheSettings,
} from '#core/renewal/token-cache.js'

const timeout = 1_000
const access = { scope: undefined, resource: [] }

interface Fetch {
  readonly call: Omit<TokenCall, 'signal'>
  answer(value: string, source?: IssuedToken['source']): void
  fail(failure: TokenRequestFailure): void
}

/** A cache whose fetches the test answers, on a clock that the test moves. */
function cacheUnderTest(settings: Partial<TokenCacheSettings> = {}) {
  const clock = createManualClock()
  const fetches: Fetch[] = []
  const events: Partial<TokenEvent>[] = []
  const background: Promise<unknown>[] = []
  const fetchToken = (call: Omit<TokenCall, 'signal'>) =>
    new Promise<IssuedToken | TokenRequestFailure>((resolve) => {
      const answer: Fetch['answer'] = (value, source = 'endpoint') => {
        const issuedAt = clock.now()
        const times = { issuedAt, expiresAt: issuedAt + 100_000 }
        resolve({ token: { value, tokenType: 'Bearer', ...times }, source, attempts: 2 })
      }
      fetches.push({ call, answer, fail: resolve })
    })
  const cache = createTokenCache({
    ...{ clock, timeout, early: 60_000, random: () => 1, fetchToken },
    emit: (event) => void events.push(event),
    trace: (work) => work(),
    access,
    singleFlight: createSingleFlight<Obtained | undefined>({ timeout, clock }),
    shared: createHoldOff(),
    getKeepAlive: () => (renewal) => void background.push(renewal),
    ...settings,
  })
  const ask = (forceRenewal = false) =>
    cache.renew({ signal: undefined, forceRenewal, rejected: undefined })
  const settle = () => clock.advance(0)
  const first = async (): Promise<AccessToken> => {
    const asked = ask()
    await settle()
    fetches.at(-1)?.answer('first')
    return asked
  }
  const failed = async (retryAfter?: number): Promise<unknown> => {
    const asked = ask().catch((thrown: unknown) => thrown)
    await settle()
    fetches.at(-1)?.fail(failure(retryAfter))
    return asked
  }
  return { clock, fetches, events, background, cache, ask, settle, first, failed }
}

function failure(retryAfter?: number): TokenRequestFailure {
  const error = new ConfigurationError('ERR_CLOCK', 'any error will do')
  return new TokenRequestFailure(error, { retryAfter })
}

describe('a token at hand', () => {
  test('is one object until it expires, reported by one event', { tags: ['C2'] }, async () => {
    const { cache, first, clock, fetches, events } = cacheUnderTest()
    expect(cache.current()).toBeUndefined()
    await clock.advance(7)
    const token = await first()
    await clock.advance(79_999)
    expect(cache.current()).toBe(token)
    expect(fetches).toHaveLength(1)
    const issued = { type: 'token-issued', source: 'endpoint', attempts: 2, duration: 0 }
    expect(events).toEqual([{ ...issued, expiresAt: token.expiresAt }])
  })

  test('is renewed once in the background when it is due', { tags: ['C2'] }, async () => {
    const { cache, first, clock, fetches, background, settle } = cacheUnderTest()
    const token = await first()
    await clock.advance(80_000)
    expect([cache.current(), cache.current()]).toEqual([token, token])
    await settle()
    expect(fetches.map(({ call }) => call.forceRenewal)).toEqual([false, false])
    fetches[1]?.answer('second')
    await Promise.all(background)
    await settle()
    expect(background).toHaveLength(1)
    expect(cache.current()?.value).toBe('second')
  })

  test('is not renewed early where nothing may run in the background', async () => {
    const { cache, first, clock, fetches } = cacheUnderTest({ getKeepAlive: () => undefined })
    const token = await first()
    await clock.advance(80_000)
    expect(cache.current()).toBe(token)
    await clock.advance(0)
    expect(fetches).toHaveLength(1)
  })

  test('outlives a failed renewal, which begins a hold-off', { tags: ['C4'] }, async () => {
    const { cache, first, clock, fetches, events, background, settle } = cacheUnderTest()
    const token = await first()
    await clock.advance(80_000)
    cache.current()
    await settle()
    const { error } = failure()
    fetches[1]?.fail(new TokenRequestFailure(error))
    await Promise.all(background)
    await settle()
    const nextAttemptAt = clock.now() + 1_000
    const servesUntil = token.expiresAt
    expect(events[1]).toEqual({ type: 'renewal-failed', error, nextAttemptAt, servesUntil })
    await clock.advance(999)
    expect(cache.current()).toBe(token)
    await clock.advance(1)
    expect(fetches).toHaveLength(2)
    expect(cache.current()).toBe(token)
    await settle()
    expect(fetches).toHaveLength(3)
  })

  test('serves nobody beyond its end, as the event of a failed renewal says', async () => {
    const { first, failed, clock, events, cache } = cacheUnderTest()
    await failed()
    await clock.advance(1_000)
    await first()
    await clock.advance(100_000)
    await failed()
    expect(cache.current()).toBeUndefined()
    const ends = events.filter(({ type }) => type === 'renewal-failed')
    expect(ends).toMatchObject([{ servesUntil: undefined }, { servesUntil: undefined }])
  })
})

describe('a flight', () => {
  test('is one for all who wait, with a deadline', { tags: ['D1'] }, async () => {
    for (const isForced of [false, true]) {
      const { ask, clock, fetches, settle } = cacheUnderTest()
      await clock.advance(50)
      const calls = [ask(isForced), ask(), ask(true)]
      await settle()
      fetches[0]?.answer('token')
      expect(new Set(await Promise.all(calls)).size).toBe(1)
      const call = { access, isProbe: false, forceRenewal: isForced, deadline: 50 + timeout }
      expect(fetches).toMatchObject([{ call }])
    }
  })

  test('keeps its key busy until it has ended, well or badly', async () => {
    const { cache, first, failed, ask, clock } = cacheUnderTest()
    expect(cache.isBusy()).toBe(false)
    const asked = first()
    expect(cache.isBusy()).toBe(true)
    await asked
    expect(cache.isBusy()).toBe(false)
    await failed()
    expect(cache.isBusy()).toBe(false)
    await clock.advance(1_000)
    const waiting = ask()
    expect(cache.isBusy()).toBe(true)
    await clock.advance(timeout + 100)
    void waiting
  })

  test('that fails is remembered: later callers get the same in errors of their own, then one probe is made', {
    tags: ['D2'],
  }, async () => {
    const { ask, failed, clock, fetches, first } = cacheUnderTest()
    const error = await failed()
    expect(error).toMatchObject({ code: 'ERR_CLOCK', nextAttemptAt: clock.now() + 1_000 })
    await clock.advance(999)
    await expect(ask()).rejects.toEqual(error)
    await expect(ask(true)).rejects.toEqual(error)
    expect(await ask().catch((thrown: unknown) => thrown)).not.toBe(error)
    expect(fetches).toHaveLength(1)
    await clock.advance(1)
    await failed()
    await clock.advance(2_000)
    await first()
    await clock.advance(100_000)
    await first()
    expect(fetches.map(({ call }) => call.isProbe)).toEqual([false, true, true, false])
  })

  test('that fails is remembered for as long as the server asked', { tags: ['O10'] }, async () => {
    const { ask, failed, clock, fetches, settle } = cacheUnderTest()
    await failed(5_000)
    await clock.advance(4_999)
    await expect(ask()).rejects.toMatchObject({ code: 'ERR_CLOCK' })
    await clock.advance(1)
    void ask()
    await settle()
    expect(fetches).toHaveLength(2)
  })

  test('is joined by all, although the clock was set back', { tags: ['C5'] }, async () => {
    const { ask, failed, clock, fetches, settle } = cacheUnderTest()
    await failed()
    const now = clock.now()
    clock.setWallClock(now + 10_000)
    const calls = [ask()]
    clock.setWallClock(now)
    calls.push(ask())
    await settle()
    fetches[1]?.answer('token')
    expect(new Set(await Promise.all(calls)).size).toBe(1)
  })
})

describe('a flight that does not end', () => {
  test('is given up after its time limit, and all share another', { tags: ['P11'] }, async () => {
    const { ask, clock, fetches } = cacheUnderTest()
    const calls = [ask(), ask()]
    await clock.advance(timeout + 99)
    expect(fetches).toHaveLength(1)
    await clock.advance(1)
    expect(fetches).toHaveLength(2)
    fetches[1]?.answer('later')
    expect((await Promise.all(calls)).map(({ value }) => value)).toEqual(['later', 'later'])
  })

  test('does not restore its token after a later one was rejected', { tags: ['C9'] }, async () => {
    const { ask, cache, clock, fetches, settle } = cacheUnderTest({ early: 0 })
    const waiting = ask()
    await clock.advance(2_000)
    expect(fetches).toHaveLength(2)
    fetches[1]?.answer('later')
    const later = await waiting
    cache.invalidate(later, true)
    fetches[0]?.answer('earlier')
    await settle()
    expect(later.value).toBe('later')
    expect(cache.current()).toBeUndefined()
  })

  test('brings its token unless there is a later one', { tags: ['C9'] }, async () => {
    const { ask, cache, clock, fetches, settle } = cacheUnderTest()
    const waiting = ask()
    await clock.advance(timeout + 100)
    fetches[0]?.answer('earlier')
    await settle()
    expect(cache.current()?.value).toBe('earlier')
    expect(cache.isBusy()).toBe(true)
    const joined = ask()
    fetches[1]?.answer('later')
    for (const one of [waiting, joined]) expect((await one).value).toBe('later')
    expect(fetches).toHaveLength(2)
    expect(cache.current()?.value).toBe('later')
  })

  test('is no failure to remember when it fails at last', async () => {
    const { ask, clock, fetches, events, settle } = cacheUnderTest()
    const waiting = ask()
    await clock.advance(timeout + 100)
    fetches[0]?.fail(failure())
    await settle()
    fetches[1]?.answer('later')
    await waiting
    expect(events.map(({ type }) => type)).toEqual(['token-issued'])
    expect(fetches[1]?.call.isProbe).toBe(false)
  })
})

describe('a refused token', () => {
  test('is suspect, and the next fetch knows which it was', { tags: ['U1'] }, async () => {
    const { cache, first, ask, fetches, events, settle } = cacheUnderTest()
    const { value, tokenType, issuedAt, expiresAt } = await first()
    cache.invalidate(cache.current() as AccessToken, true)
    expect(cache.current()).toBeUndefined()
    const suspect = { type: 'token-rejected', action: 'suspect', coolDownUntil: undefined }
    expect(events[1]).toEqual(suspect)
    void ask()
    await settle()
    expect(fetches[1]?.call.rejected()).toEqual({
      token: { value, tokenType, issuedAt, expiresAt },
      isCertain: true,
    })
  })

  test('changes nothing when it is not the current one', { tags: ['U3'] }, async () => {
    const { cache, first, ask, fetches, events, settle } = cacheUnderTest()
    cache.invalidate(await cacheUnderTest().first(), true)
    const old = await first()
    const renewed = ask(true)
    await settle()
    fetches[1]?.answer('second')
    const token = await renewed
    cache.invalidate(old, true)
    expect(cache.current()).toBe(token)
    expect(events.map(({ type }) => type)).toEqual(['token-issued', 'token-issued'])
  })

  test('is kept if it replaced a refused one just now', { tags: ['U6'] }, async () => {
    const { cache, first, clock, events } = cacheUnderTest()
    await clock.advance(50)
    cache.invalidate(await first(), true)
    const replacement = await first()
    await clock.advance(1_000)
    cache.invalidate(replacement, true)
    const coolDownUntil = clock.now() + 5_000
    expect(cache.current()).toBe(replacement)
    await clock.advance(4_999)
    cache.invalidate(replacement, true)
    expect(cache.current()).toBe(replacement)
    await clock.advance(1)
    cache.invalidate(replacement, true)
    expect(cache.current()).toBeUndefined()
    expect(events.filter(({ type }) => type === 'token-rejected')).toEqual([
      { type: 'token-rejected', action: 'suspect', coolDownUntil: undefined },
      { type: 'token-rejected', action: 'kept', coolDownUntil },
      { type: 'token-rejected', action: 'suspect', coolDownUntil: undefined },
    ])
  })
})
