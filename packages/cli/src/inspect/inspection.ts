import type { Profile } from '../options.js'
import { isAccessToken, judgedAccessToken } from './access-token-rules.js'
import { judgedAssertion } from './assertion-rules.js'
import type { Finding } from './finding.js'
import { type DecodedJwt, decodedJwt, type FoundJwt, type Source } from './found-jwt.js'
import { type ReadDate, readDates } from './numeric-date.js'
import { judgedSignature, type Keys } from './signature.js'

/** All that can be said of a JWT without its signature. */
export interface Inspection extends DecodedJwt {
  readonly kind: 'client-assertion' | 'access-token'
  readonly source: Source
  readonly times: Readonly<Record<string, ReadDate>>
  readonly findings: readonly Finding[]
  /** Whether no finding is an error. */
  readonly ok: boolean
}

export async function inspection(
  { jwt, source }: FoundJwt,
  { now, profile, keys }: { now: number; profile: Profile | undefined; keys: Keys | undefined },
): Promise<Inspection> {
  const decoded = decodedJwt(jwt)
  const isToken = isAccessToken(decoded, source)
  const judged = isToken
    ? judgedAccessToken(decoded, now)
    : judgedAssertion(decoded, { now, profile })
  const findings = [...judged, await judgedSignature(jwt, keys)]
  return {
    kind: isToken ? 'access-token' : 'client-assertion',
    source,
    ...decoded,
    times: readDates(decoded.claims, now),
    findings,
    ok: findings.every(({ level }) => level !== 'error'),
  }
}
