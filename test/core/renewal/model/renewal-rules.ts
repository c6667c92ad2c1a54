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

/** The immediate result of a call: the current token, or the remembered error. */
export type Expected =
  | 'wait'
  /** First for the probe of another key, then for its own. */
  | 'probe'
  | { readonly value: string }
  | { readonly nextAttemptAt: number | undefined }

/** Somebody who wants a token, or an answer of the API. */
export interface Caller {
  readonly controller: AbortController
  /** The result that it must get immediately. */
  readonly expected: Expected
  /** Monotonic: since when it waits for a token. */
  waitsSince: number | undefined
  waitsForProbe: boolean
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
  /** Answers with a token that had expired on arrival. */
  readonly expired: number
  /** When its open token request was sent; undefined: it pauses until `retryAt`. */
  readonly sentAt: Instant | undefined
  readonly retryAt: number
}

interface Kept {
  /** `untried`: rejected, and its renewal has not failed yet; `serving`: it has. */
  suspicion: 'none' | 'untried' | 'serving'
  readonly value: string
  readonly dueAt: Instant
  readonly endsAt: Instant
  readonly probationEnds: number | undefined
}

interface Failure {
  readonly at: number
  readonly until: Instant
  readonly pause: number
  readonly isRetryable: boolean
}

interface Failed {
  readonly isRetryable: boolean
  /** Whether it is not retried, although it is retryable. */
  readonly isFinal?: boolean
  /** About the scope: it holds off this key alone. */
  readonly isOwn?: boolean
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

/** The state that the keys of one provider share. */
export interface SharedRules {
  failure: Failure | undefined
  /** Whose single attempt follows a hold-off. */
  probe: object | undefined
  readonly onProbeEnd: (now: Instant) => void
  readonly members: {
    readonly deadline: () => number | undefined
    readonly timeOut: (now: Instant) => void
    readonly probeEnded: (now: Instant) => void
  }[]
}

export function sharedRules(onProbeEnd: SharedRules['onProbeEnd']): SharedRules {
  return { failure: undefined, probe: undefined, onProbeEnd, members: [] }
}

/**
 * The promises about the tokens of one key, in a second implementation. It receives what happens at
 * the edges (calls, token requests, responses, rejections) and reports to `note` what may not happen.
 */
export function renewalRules(
  { timeout, retries, early, random }: RenewalSettings,
  note: (fault: string) => void,
  shared: SharedRules,
) {
  const self = {}
  let flight: Flight | undefined
  let ownFailure: Failure | undefined
  /** Somebody waits for the probe of another key, and may make a token request after it. */
  let waitsForProbe = false
  let mayWantAt: number | undefined
  let kept: Kept | undefined
  let wantedAt: number | undefined
  let isRefused = false
  let coolDownEnds = Number.NEGATIVE_INFINITY
  let coolDown = firstCoolDown
  const issued = new Map<string, { readonly endsAt: Instant }>()
  const dropped = new Set<string>()
  const count = { issued: 0, failed: 0 }

  shared.members.push({ deadline, timeOut, probeEnded })

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
    isFlying: () => flight !== undefined,
    heldOffUntil: () => (ownFailure ?? shared.failure)?.until,
  }

  /** A call wants a token: what it must get at once, if anything. */
  function asked(
    now: Instant,
    { isForced = false, rejected }: { isForced?: boolean; rejected?: string } = {},
  ): Expected {
    passed(now)
    const isRejected = kept?.value === rejected && kept?.suspicion !== 'none'
    const state = isForced || isRejected ? 'none' : usable(now)
    const failure = heldOff(now)
    const isProbed = shared.probe !== undefined && shared.probe !== self
    const isFree = flight === undefined && failure === undefined && !isProbed
    if (state !== 'fresh' && isFree) wantedAt = now.monotonic
    if (state !== 'none') return kept as Kept
    if (flight !== undefined || isFree) return 'wait'
    if (failure !== undefined) return { nextAttemptAt: failure.until.wall }
    waitsForProbe = true
    return 'probe'
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
    if (heldOff(now) !== undefined) note('a token request is made within the hold-off')
    if (wantedAt !== now.monotonic && mayWantAt !== now.monotonic)
      note('a token request is made that nobody needs')
    wantedAt = undefined
    mayWantAt = undefined
    const isProbe = ownFailure !== undefined || shared.failure !== undefined
    if (shared.failure !== undefined) {
      if (shared.probe !== undefined) note('two token requests probe at once')
      shared.probe = self
    }
    flight = { start: now.monotonic, attempts: 1, isProbe, expired: 0, sentAt: now, retryAt: 0 }
  }

  /** The open token request is answered with a token. */
  function answered(now: Instant, value: string, lifetime: number): void {
    const { sentAt } = flight as Flight & { sentAt: Instant }
    const endsAt = later(sentAt, lifetime)
    if (!isBefore(now, endsAt)) {
      arrivedExpired(now)
      return
    }
    issued.set(value, { endsAt })
    count.issued++
    const left = endsAt.wall - now.wall
    const end = { ...endsAt, monotonic: Math.min(endsAt.monotonic, now.monotonic + left) }
    const dueAt = later(end, -Math.min(early, lifetime / 5) * (0.8 + 0.2 * random))
    endProbation(now)
    const probationEnds = isRefused ? now.monotonic + probation : undefined
    kept = { value, dueAt, endsAt: end, probationEnds, suspicion: 'none' }
    isRefused = false
    if (ownFailure !== undefined && isAfter(ownFailure)) ownFailure = undefined
    if (shared.failure !== undefined && isAfter(shared.failure)) shared.failure = undefined
    land(now)
  }

  /** It is requested again, at most twice; without a pause if the wall clock was set meanwhile. */
  function arrivedExpired(now: Instant): void {
    const { sentAt, start, expired } = flight as Flight & { sentAt: Instant }
    const elapsed = now.monotonic - sentAt.monotonic
    const isClockSet = Math.abs(now.wall - sentAt.wall - elapsed) >= 5_000
    const pause = isClockSet ? 0 : 1_000
    if (expired === 2 || pause >= start + timeout - now.monotonic) {
      failed(now, { isRetryable: true, isFinal: true })
      return
    }
    const retryAt = now.monotonic + pause
    flight = { ...(flight as Flight), sentAt: undefined, retryAt, expired: expired + 1 }
  }

  /** The open token request fails. */
  function failed(now: Instant, { isRetryable, isFinal, isOwn = false, retryAfter }: Failed): void {
    const { isProbe, start, expired } = flight as Flight
    const attempts = (flight as Flight).attempts - expired
    const pause = retryAfter ?? random * 200 * 2 ** (attempts - 1)
    const isTried = isRetryable && !isFinal && !isProbe && attempts <= retries
    if (isTried && pause < start + timeout - now.monotonic) {
      flight = { ...(flight as Flight), sentAt: undefined, retryAt: now.monotonic + pause }
      return
    }
    count.failed++
    if (isOwn && shared.failure !== undefined && isAfter(shared.failure)) shared.failure = undefined
    const before = isOwn ? ownFailure : shared.failure
    const isConcurrent = before !== undefined && !isAfter(before)
    const longer = before ? Math.min(before.pause * 2, longestHoldOff) : firstHoldOff
    const holdOff = isConcurrent ? before.pause : longer
    const wait = retryAfter ? Math.min(retryAfter, longestRetryAfter) : holdOff
    const ends = later(now, wait)
    const until = isConcurrent && isBefore(ends, before.until) ? before.until : ends
    const failure = { at: now.monotonic, pause: holdOff, until, isRetryable }
    if (isOwn) ownFailure = failure
    else shared.failure = failure
    settleSuspicion(failure)
    land(now)
  }

  /** Did the flight in progress start after that failure? */
  function isAfter(failure: Failure): boolean {
    return (flight as Flight).start > failure.at
  }

  function land(now: Instant): void {
    flight = undefined
    if (shared.probe !== self) return
    shared.probe = undefined
    for (const member of shared.members) member.probeEnded(now)
    shared.onProbeEnd(now)
  }

  function probeEnded(now: Instant): void {
    if (waitsForProbe) mayWantAt = now.monotonic
    waitsForProbe = false
  }

  function settleSuspicion({ isRetryable }: Failure): void {
    if (kept === undefined || kept.suspicion === 'none') return
    if (isRetryable) kept.suspicion = 'serving'
    else {
      dropped.add(kept.value)
      kept = undefined
    }
  }

  /** Somebody says that this token was rejected. */
  function refused(now: Instant, value: string): void {
    passed(now)
    if (kept?.value !== value || kept.suspicion !== 'none' || now.monotonic < coolDownEnds) return
    if (kept.probationEnds !== undefined && now.monotonic < kept.probationEnds) {
      coolDownEnds = now.monotonic + coolDown
      coolDown = Math.min(coolDown * 2, longestCoolDown)
    } else {
      endProbation(now)
      kept.suspicion = 'untried'
      const failure = flight === undefined ? heldOff(now) : undefined
      if (failure !== undefined) settleSuspicion(failure)
    }
    isRefused = true
  }

  /** Time limits have ended, and all that was wanted has begun. */
  function passed(now: Instant, isSettled = false): void {
    for (;;) {
      const late = shared.members
        .map((member) => ({ ...member, at: member.deadline() ?? Number.POSITIVE_INFINITY }))
        .sort((one, other) => one.at - other.at)[0]
      if (late === undefined || late.at > now.monotonic) break
      late.timeOut(later(now, late.at - now.monotonic))
    }
    if (!isSettled) return
    if (wantedAt !== undefined) note('a token is needed and no token request is made')
    if (flight !== undefined && flight.sentAt === undefined && flight.retryAt <= now.monotonic)
      note('a retry is due and not made')
  }

  /** When the open token request times out. */
  function deadline(): number | undefined {
    if (flight?.sentAt === undefined) return undefined
    return Math.min(flight.sentAt.monotonic + timeout / 2, flight.start + timeout)
  }

  function timeOut(now: Instant): void {
    failed(now, { isRetryable: true })
  }

  /** Why this token may be in no header now. */
  function fault(now: Instant, value: string): string | undefined {
    passed(now)
    const token = issued.get(value)
    if (token === undefined) return 'a token is used that was not issued for this key'
    if (!isBefore(now, token.endsAt)) return 'an expired token is used'
    if (kept?.value === value && kept.suspicion === 'untried')
      return 'a suspect token is used before its renewal has failed'
    return dropped.has(value) ? 'a token is used that is known to be rejected' : undefined
  }

  function usable(now: Instant): 'fresh' | 'due' | 'none' {
    if (kept === undefined || !isBefore(now, kept.endsAt)) return 'none'
    if (kept.suspicion === 'untried') return 'none'
    return isBefore(now, kept.dueAt) && kept.suspicion === 'none' ? 'fresh' : 'due'
  }

  function heldOff(now: Instant): Failure | undefined {
    return [ownFailure, shared.failure].find((failure) => failure && isBefore(now, failure.until))
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
