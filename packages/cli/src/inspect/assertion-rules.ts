import type { Profile } from '../options.js'
import { expiry, lifetime, notAhead } from './date-rules.js'
import { type Finding, judge, quoted } from './finding.js'
import type { DecodedJwt } from './found-jwt.js'
import { algorithm, assertionType, generally, keyId } from './header-rules.js'

type Claims = DecodedJwt['claims']

/** Shorter names can be guessed, or come twice. */
const leastJti = 16

/** A client assertion, judged as a strict server would (RFC 7523 section 3). `now` is in seconds. */
export function judgedAssertion(
  { header, claims }: DecodedJwt,
  { now, profile }: { now: number; profile: Profile | undefined },
): readonly Finding[] {
  const algorithms = profile?.algorithms ?? ['ES256', 'PS256', 'RS256']
  const title = profile === undefined ? generally : `${profile.title} takes`
  return [
    algorithm(header, { algorithms, title }),
    assertionType(header),
    keyId(header),
    parties(claims),
    audience(claims, profile),
    expiry(claims, now),
    ...lifetime(claims, { now, most: profile?.maxLifetimeSeconds ?? 300 }),
    ...notAhead(claims, now),
    jti(claims),
  ]
}

function parties({ iss, sub }: Claims): Finding {
  const parties = judge('iss, sub', 'RFC 7523 section 3, rules 1 and 2')
  if (!isText(iss)) return parties.error('The iss must be the client id, and there is none.')
  if (!isText(sub)) return parties.error('The sub must be the client id, and there is none.')
  return iss === sub
    ? parties.ok(`The iss and sub are both ${quoted(iss)}, which must be the client id.`)
    : parties.error(`The iss is ${quoted(iss)} and sub ${quoted(sub)}: both must be the client id.`)
}

function audience({ aud }: Claims, profile: Profile | undefined): Finding {
  const audience = judge('aud', 'RFC 7523 section 3, rule 3')
  if (Array.isArray(aud))
    return audience.error(`The aud must be one string, and is a list of ${aud.length}.`)
  if (!isText(aud)) return audience.error(`The aud must be one string, and is ${quoted(aud)}.`)
  if (profile !== undefined && aud !== profile.audience)
    return audience.error(
      `The aud is ${quoted(aud)}, and ${profile.title} takes ${profile.audience}.`,
    )
  if (!URL.canParse(aud) || !/^https?:/i.test(aud))
    return audience.warning(`The aud is ${quoted(aud)}, and most servers ask for an https URL.`)
  const { protocol, hostname } = new URL(aud)
  return protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
    ? audience.ok(`The aud is ${quoted(aud)}, which the server compares byte for byte.`)
    : audience.error(`The aud is ${quoted(aud)}, which is not https.`)
}

function jti({ jti }: Claims): Finding {
  const name = judge('jti', 'RFC 7523 section 3, rule 7')
  if (!isText(jti)) return name.error('There is no jti: a server cannot tell a replay by it.')
  return jti.length >= leastJti
    ? name.ok('The jti is there; each assertion needs another.')
    : name.warning(`The jti has ${jti.length} characters; ${leastJti} or more cannot be guessed.`)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
