import { generateKeyPairSync } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { type AccessToken, createTokenProvider, isCountersignError } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { createManualClock } from '@countersign/testing'
import { type Audit, type Caller, type Key, renewalRules, sharedRules } from './renewal-rules.ts'
import { scriptedApi } from './scripted-api.ts'
import { scriptedTokenEndpoint } from './scripted-token-endpoint.ts'

/** Not whole, as every other duration is: of two failures at one instant, either may be kept. */
const timeout = 10_000.5
/** How long after its time limit a flight is taken for dead. */
const grace = 100
const origin = 'https://api.example.com'

export const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
/** Not extractable, so that no thumbprint is made of it. */
const key = privateKey.toCryptoKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])

export interface GivenToken {
  readonly key: Key
  readonly token: AccessToken
}

export type World = ReturnType<typeof createWorld>

/** A provider and a fetch, both real, between a token endpoint and an API that are scripted. */
export function createWorld(random: number, unhandled: readonly unknown[]) {
  const clock = createManualClock()
  const broken: string[] = []
  const callers: Caller[] = []
  const note = (what: string) => void broken.push(`${what} (at ${clock.monotonic()} ms)`)
  const now = () => ({ wall: clock.now(), monotonic: clock.monotonic() })
  const settings = { timeout, retries: 2, early: 60_000, random }
  const shared = sharedRules(({ monotonic }) => {
    for (const caller of callers.filter(({ waitsForProbe }) => waitsForProbe)) {
      caller.waitsForProbe = false
      if (caller.waitsSince !== undefined) caller.waitsSince = monotonic
    }
  })
  const rules = {
    one: renewalRules(settings, note, shared),
    two: renewalRules(settings, note, shared),
  }
  const audit: Audit = { rules, now, note }
  const given: GivenToken[] = []
  const events = { issued: 0, failed: 0 }
  const endpoint = scriptedTokenEndpoint(audit)
  const api = scriptedApi(audit, ({ search }) => callers[Number(search.slice(1))] as Caller)
  const tokens = createTokenProvider({
    clientId: 'client',
    tokenEndpoint: 'https://login.example.com/token',
    ...{ key, clock, timeout, scope: 'a', fetch: endpoint.fetch },
    onEvent({ type }) {
      if (type === 'token-issued') events.issued++
      if (type === 'renewal-failed') events.failed++
    },
  })
  const send = authorizedFetch(tokens, { origins: [origin], fetch: api.fetch })

  return {
    clock,
    rules,
    endpoint,
    api,
    callers,
    given,
    get,
    getAborted,
    request,
    invalidate,
    quiesce,
    finish,
  }

  function get(key: Key, { isForced = false, spelling = 0 } = {}): Caller {
    const caller = newCaller(key, isForced)
    const { signal } = caller.controller
    const asked = { ...scope(key, spelling), signal, forceRenewal: isForced }
    const value = tokens.getAccessToken(asked).then((token) => {
      const fault = rules[key].fault(now(), token.value)
      if (fault !== undefined) note(`${fault}: ${token.value}`)
      if (!given.some((known) => known.token === token)) given.push({ key, token })
      return token.value
    })
    follow(caller, value)
    return caller
  }

  function request(key: Key, { spelling = 0 } = {}): Caller {
    const caller = newCaller(key)
    const init = { countersign: scope(key, spelling), signal: caller.controller.signal }
    const url = `${origin}/${key}?${callers.length - 1}`
    follow(
      caller,
      send(url, init).then(({ status }) => status),
    )
    return caller
  }

  function scope(key: Key, spelling: number): { scope?: string | readonly string[] } {
    if (key === 'one') return spelling % 2 === 0 ? {} : { scope: ['a', 'a'] }
    return { scope: [['b', 'c'], 'c b', ['c', 'b', 'c']][spelling % 3] as string | string[] }
  }

  function newCaller(key: Key, isForced?: boolean): Caller {
    const expected = rules[key].asked(now(), { isForced: isForced === true })
    const caller: Caller = {
      controller: new AbortController(),
      expected,
      waitsForProbe: expected === 'probe',
      waitsSince: clock.monotonic(),
      sends: 0,
      outcome: undefined,
    }
    callers.push(caller)
    return caller
  }

  function follow(caller: Caller, promise: Promise<string | number>): void {
    const over = (outcome: NonNullable<Caller['outcome']>) => {
      caller.outcome = outcome
      caller.waitsSince = undefined
    }
    promise.then(
      (value) => over({ value }),
      (error: unknown) => {
        over({ error })
        if (!isCountersignError(error) && error !== caller.controller.signal.reason)
          note(`a caller gets ${error}`)
      },
    )
  }

  /** A call whose signal is aborted already starts nothing. */
  async function getAborted(key: Key): Promise<void> {
    const signal = AbortSignal.abort(new Error('aborted'))
    const error = await tokens.getAccessToken({ ...scope(key, 0), signal }).catch((error) => error)
    if (error !== signal.reason) note(`an aborted caller gets ${error}`)
  }

  function invalidate({ key, token }: GivenToken): void {
    rules[key].refused(now(), token.value)
    tokens.invalidate(token)
  }

  /** Lets everything run that can run, one answer of the API after the other; then checks. */
  async function quiesce(): Promise<void> {
    await settle()
    while (!api.script.isSlow && api.waiting.length > 0) {
      api.answer(0)
      await settle()
    }
    check()
  }

  function check(): void {
    for (const key of ['one', 'two'] as const) {
      rules[key].passed(now(), true)
      const open = endpoint.held.filter(({ key: of, signal }) => of === key && !signal.aborted)
      if (open.length !== Number(rules[key].isOpen()))
        note(`${open.length} token requests are open`)
    }
    const waiting = callers.map(({ waitsSince = Number.POSITIVE_INFINITY }) => waitsSince)
    if (clock.monotonic() - Math.min(...waiting) >= timeout + grace) note('a caller waits too long')
    if (!callers.every(gotAtOnce)) note('a caller does not get at once what is at hand')
    for (const what of ['issued', 'failed'] as const) {
      const expected = rules.one.count[what] + rules.two.count[what]
      if (events[what] !== expected) note(`${events[what]} events say ${what}, not ${expected}`)
    }
    for (const reason of unhandled) note(`unhandled: ${reason}`)
    if (broken.length > 0) throw new Error(broken.join('\n'))
  }

  /** Requires that no caller waits after the token requests have ended and the API has answered. */
  async function finish(): Promise<void> {
    api.script.isSlow = false
    for (let round = 0; round < 3; round++) {
      await quiesce()
      await clock.advance(timeout + grace)
    }
    await quiesce()
    if (callers.some(({ outcome }) => outcome === undefined)) throw new Error('a caller hangs')
  }
}

/** The token at hand, or the error that is remembered, where there is one. */
function gotAtOnce({ expected, outcome, sends }: Caller): boolean {
  if (expected === 'wait' || expected === 'probe') return true
  if ('value' in expected)
    return sends > 0 || (outcome as { value?: unknown } | undefined)?.value === expected.value
  const { error } = (outcome ?? {}) as { error?: unknown }
  return isCountersignError(error) && error.nextAttemptAt === expected.nextAttemptAt
}

/** Enough turns of the event loop for a chain of promises without I/O. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) await setImmediate()
}
