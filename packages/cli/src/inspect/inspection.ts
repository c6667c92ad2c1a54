import type { KeyObject } from 'node:crypto'
import {
  checkAssertion,
  checkSignature,
  type JwtFinding,
  type StrictJwt,
} from '@countersign/testing'
import type { JwkSet } from '../jwk-set.js'
import type { Profile } from '../options.js'
import { checkAccessToken, isAccessToken } from './access-token-rules.js'
import { type FoundJwt, readJwt, type Source } from './found-jwt.js'

/** A date claim (RFC 7519 section 2). */
interface ReadDate {
  readonly seconds: number
  readonly utc: string
  /** Negative if the date has passed. */
  readonly secondsFromNow: number
}

/** Everything about a JWT except its signature. */
export interface Inspection extends StrictJwt {
  readonly kind: 'client-assertion' | 'access-token'
  readonly source: Source
  /** The date claims, by their names. */
  readonly times: Readonly<Record<string, ReadDate>>
  readonly findings: readonly JwtFinding[]
  /** Whether no finding is an error. */
  readonly ok: boolean
}

/** The options of an inspection. */
interface InspectionContext {
  /** The current time, in epoch milliseconds. */
  readonly now: number
  readonly profile: Profile | undefined
  readonly keys: JwkSet | KeyObject | undefined
}

const notVerified: JwtFinding = {
  level: 'warning',
  subject: 'signature',
  message: 'the signature was not verified: pass --jwks or --public-key',
  reference: 'RFC 7515 section 5.2',
}

/** Checks a JWT by the rules for its kind, and its signature if keys are given. */
export async function inspectJwt(
  { jwt, source }: FoundJwt,
  { now, profile, keys }: InspectionContext,
): Promise<Inspection> {
  const parsed = readJwt(jwt)
  const isToken = isAccessToken(parsed, source)
  const findings = [
    ...(isToken ? checkAccessToken(parsed, now) : checkAssertion(parsed, { ...profile, now })),
    keys === undefined ? notVerified : await checkSignature(jwt, keys),
  ]
  return {
    kind: isToken ? 'access-token' : 'client-assertion',
    source,
    ...parsed,
    times: readDates(parsed.claims, now),
    findings: findings.map((finding) => ({ ...finding, message: toSentence(finding.message) })),
    ok: findings.every(({ level }) => level !== 'error'),
  }
}

function readDates(claims: StrictJwt['claims'], now: number): Record<string, ReadDate> {
  const dates: Record<string, ReadDate> = {}
  for (const name of ['iat', 'nbf', 'exp', 'auth_time']) {
    const seconds = claims[name]
    const date = new Date(Number(seconds) * 1000)
    if (typeof seconds !== 'number' || Number.isNaN(date.getTime())) continue
    const utc = date.toISOString().replace('T', ' ').replace(/\..*/, ' UTC')
    dates[name] = { seconds, utc, secondsFromNow: Math.round(seconds - now / 1000) }
  }
  return dates
}

/** A message starts with the name of a claim or header member, or with `the`. */
function toSentence(message: string): string {
  return `The ${message.replace(/^the /, '')}.`
}
