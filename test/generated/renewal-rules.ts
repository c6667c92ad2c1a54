/** A point in time on both clocks. */
export interface Instant {
  readonly wall: number
  readonly monotonic: number
}

/** The two token keys of a run. */
export type Key = 'one' | 'two'

/** Who watches over a run. */
export interface Audit {
  readonly rules: Readonly<Record<Key, RenewalRules>>
  readonly now: () => Instant
  readonly note: (fault: string) => void
}

/** What a call gets at once: the token at hand, or the error that is remembered. */
export type Expected =
  | 'wait'
  | { readonly value: string }
  | { readonly nextAttemptAt: number | undefined }

/** Somebody who wants a token, or an answer of the API. */
export interface Caller {
  readonly controller: AbortController
  /** What it must get at once. */
  readonly expected: Expected
  /** Monotonic: since when it waits for a token. */
  waitsSince: number | undefined
  sends: number
  outcome: { readonly value: string | number } | { readonly error: unknown } | undefined
}

interface RenewalSettings {
  readonly timeout: number
  readonly retries: number
  readonly early: number
  /** What `Math.random` gives all through a run. */
  readonly random: number
}

interface Flight {
  readonly start: number
  readonly attempts: number
  readonly isProbe: boolean
  /** When its open token request was sent; undefined: it pauses until `retryAt`. */
  readonly sentAt: Instant | undefined
  readonly retryAt: number
}

interface Kept {
  readonly value: string
  readonly dueAt: Instant
  readonly endsAt: Instant
  readonly probationEnds: number | undefined
}

interface Failed {
  readonly isRetryable: boolean
  /** Milliseconds. */
  readonly retryAfter?: number | undefined
}

const firstHoldOff = 1_000
const longestHoldOff = 30_000
const longestRetryAfter = 3_600_000
const probation = 5_000
const firstCoolDown = 5_000
const longestCoolDown = 60_000

type RenewalRules = ReturnType<typeof renewalRules>

/**
 * What is promised of the tokens of one key, told a second time: it is given what happened at the
 * edges (calls, token requests, answers, refusals) and says which of it may not happen. Whatever
 * it finds wrong it tells to `note`.
 */
export function renewalRules(
  { timeout, retries, early, random }: RenewalSettings,
  note: (fault: string) => void,
) {
  let flight: Flight | undefined
  let failure: { readonly until: Instant; readonly pause: number } | undefined
  let kept: Kept | undefined
  let wantedAt: number | undefined
  let isRefused = false
  let coolDownEnds = Number.NEGATIVE_INFINITY
  let coolDown = firstCoolDown
  const issued = new Map<string, { readonly endsAt: Instant }>()
  const dropped = new Set<string>()
  const count = { issued: 0, failed: 0 }

  return {
    asked,
    requested,
    answered,
    failed,
    refused,
    passed,
    fault,
    count,
    current: () => kept,
    coolDownEnds: () => coolDownEnds,
    isOpen: () => flight?.sentAt !== undefined,
    heldOffUntil: () => failure?.until,
  }

  /** A call wants a token: what it must get at once, if anything. */
  function asked(now: Instant, isForced = false): Expected {
    passed(now)
    const state = isForced ? 'none' : usable(now)
    const isFree = flight === undefined && !isHeldOff(now)
    if (state !== 'fresh' && isFree) wantedAt = now.monotonic
    if (state !== 'none') return kept as Kept
    if (isFree || flight !== undefined) return 'wait'
    return { nextAttemptAt: failure?.until.wall }
  }

  /** A token request arrives. */
  function requested(now: Instant): void {
    passed(now)
    if (flight?.sentAt !== undefined) note('two token requests of one key are open')
    if (flight !== undefined) {
      if (flight.retryAt !== now.monotonic) note('a retry comes before or after its pause')
      flight = { ...flight, attempts: flight.attempts + 1, sentAt: now }
      return
    }
    if (isHeldOff(now)) note('a token request is made within the hold-off')
    if (wantedAt !== now.monotonic) note('a token request is made that nobody needs')
    wantedAt = undefined
    const isProbe = failure !== undefined
    flight = { start: now.monotonic, attempts: 1, isProbe, sentAt: now, retryAt: 0 }
  }

  /** The open token request is answered with a token. */
  function answered(now: Instant, value: string, lifetime: number): void {
    const { sentAt } = flight as Flight & { sentAt: Instant }
    const endsAt = later(sentAt, lifetime)
    if (!isBefore(now, endsAt)) {
      failed(now, { isRetryable: false })
      return
    }
    issued.set(value, { endsAt })
    count.issued++
    const left = endsAt.wall - now.wall
    const end = { ...endsAt, monotonic: Math.min(endsAt.monotonic, now.monotonic + left) }
    const dueAt = later(end, -Math.min(early, lifetime / 5) * (0.8 + 0.2 * random))
    endProbation(now)
    const probationEnds = isRefused ? now.monotonic + probation : undefined
    kept = { value, dueAt, endsAt: end, probationEnds }
    isRefused = false
    failure = undefined
    flight = undefined
  }

  /** The open token request fails. */
  function failed(now: Instant, { isRetryable, retryAfter }: Failed): void {
    const { attempts, isProbe, start } = flight as Flight
    const pause = retryAfter ?? random * 200 * 2 ** (attempts - 1)
    const isTried = isRetryable && !isProbe && attempts <= retries
    if (isTried && pause < start + timeout - now.monotonic) {
      flight = { ...(flight as Flight), sentAt: undefined, retryAt: now.monotonic + pause }
      return
    }
    flight = undefined
    count.failed++
    const holdOff = failure ? Math.min(failure.pause * 2, longestHoldOff) : firstHoldOff
    const wait = retryAfter ? Math.min(retryAfter, longestRetryAfter) : holdOff
    failure = { pause: holdOff, until: later(now, wait) }
  }

  /** Somebody says that this token was refused. */
  function refused(now: Instant, value: string): void {
    if (kept?.value !== value || now.monotonic < coolDownEnds) return
    if (kept.probationEnds !== undefined && now.monotonic < kept.probationEnds) {
      coolDownEnds = now.monotonic + coolDown
      coolDown = Math.min(coolDown * 2, longestCoolDown)
    } else {
      endProbation(now)
      dropped.add(value)
      kept = undefined
    }
    isRefused = true
  }

  /** Time limits have ended, and all that was wanted has begun. */
  function passed(now: Instant, isSettled = false): void {
    if (flight?.sentAt !== undefined) {
      const ends = Math.min(flight.sentAt.monotonic + timeout / 2, flight.start + timeout)
      const late = now.monotonic - ends
      if (late >= 0) failed(later(now, -late), { isRetryable: true })
    }
    if (!isSettled) return
    if (wantedAt !== undefined) note('a token is needed and no token request is made')
    if (flight !== undefined && flight.sentAt === undefined && flight.retryAt <= now.monotonic)
      note('a retry is due and not made')
  }

  /** Why this token may be in no header now. */
  function fault(now: Instant, value: string): string | undefined {
    const token = issued.get(value)
    if (token === undefined) return 'a token is used that was not issued for this key'
    if (!isBefore(now, token.endsAt)) return 'an expired token is used'
    return dropped.has(value) ? 'a token is used that is known to be refused' : undefined
  }

  function usable(now: Instant): 'fresh' | 'due' | 'none' {
    if (kept === undefined || !isBefore(now, kept.endsAt)) return 'none'
    return isBefore(now, kept.dueAt) ? 'fresh' : 'due'
  }

  function isHeldOff(now: Instant): boolean {
    return failure !== undefined && isBefore(now, failure.until)
  }

  /** A replacement that was not refused in its probation sets the cool-down back. */
  function endProbation(now: Instant): void {
    const ends = kept?.probationEnds
    if (ends !== undefined && now.monotonic >= ends && !isRefused) coolDown = firstCoolDown
  }
}

function isBefore(now: Instant, end: Instant): boolean {
  return now.wall < end.wall && now.monotonic < end.monotonic
}

function later(instant: Instant, ms: number): Instant {
  return { wall: instant.wall + ms, monotonic: instant.monotonic + ms }
}
