import { createRule, type JwtFinding, quote } from './finding.js'
import type { StrictJwt } from './strict-jwt.js'
import { checkTimes, isNumericDate } from './time-rules.js'

/** The values that a server expects in a client assertion. */
export interface AssertionExpectations {
  /** The current time, in epoch milliseconds. */
  readonly now: number
  /** The value of `iss` and `sub`. @default Any value that both have. */
  readonly clientId?: string | undefined
  /** The value of `aud`. @default Any; a value that is not an https URL is a warning or an error. */
  readonly audience?: string | undefined
  /** The accepted values of `alg`. @default Those of key pairs; an unusual one is a warning. */
  readonly algorithms?: readonly string[] | undefined
  /** The longest lifetime, in seconds. @default 300 */
  readonly maxLifetimeSeconds?: number | undefined
}

type Check = (jwt: StrictJwt, expectations: AssertionExpectations) => JwtFinding | undefined

/** The algorithms that most servers accept. */
export const usualAlgorithms: readonly string[] = ['ES256', 'PS256', 'RS256']

/** A shorter `jti` can be guessed, or occur twice. */
const shortestJti = 16

/**
 * Checks the header and the claims of a client assertion by the rules of RFC 7523 section 3. It
 * checks neither the signature nor whether the `jti` was used before.
 *
 * @returns A finding for each rule, in the order in which a server checks them. The authorization
 * server of this package rejects the assertion with the first error.
 *
 * @example
 * ```ts
 * const findings = checkAssertion(readStrictJwt(assertion), { now: Date.now(), audience })
 * const isAccepted = findings.every(({ level }) => level !== 'error')
 * ```
 */
export function checkAssertion(
  jwt: StrictJwt,
  expectations: AssertionExpectations,
): readonly JwtFinding[] {
  const check = (one: Check) => one(jwt, expectations) ?? []
  return [
    ...[checkAlgorithm, checkType, checkKeyId, checkParties, checkAudience].flatMap(check),
    ...checkTimes(jwt.claims, { now: expectations.now, noun: 'assertion' }),
    ...[checkLifetime, checkJti].flatMap(check),
  ]
}

const checkAlgorithm: Check = ({ header: { alg } }, { algorithms }) => {
  const rule = createRule('alg', 'RFC 7518 section 3.1')
  if (typeof alg !== 'string') return rule.error('alg is missing')
  if (/^none$/i.test(alg)) return rule.error('alg is none: nothing is signed')
  if (alg.startsWith('HS'))
    return rule.error(`alg ${alg} signs with a shared secret instead of a key pair`)
  const expected = algorithms ?? usualAlgorithms
  if (expected.includes(alg)) return rule.ok(`alg is ${alg}`)
  return algorithms === undefined
    ? rule.warning(`alg is ${quote(alg)}, and most servers accept only ${expected.join(', ')}`)
    : rule.error(`alg ${alg} is not allowed; ${expected.join(', ')} are`)
}

const checkType: Check = ({ header: { typ } }) => {
  const rule = createRule('typ', 'RFC 7519 section 5.1')
  if (typ === undefined) return rule.warning('typ is missing, and some servers require "JWT"')
  return typeof typ === 'string' && /^(application\/)?(jwt|client-authentication\+jwt)$/i.test(typ)
    ? rule.ok(`typ is ${typ}`)
    : rule.error(`typ is ${quote(typ)}, and must name a client assertion, such as "JWT"`)
}

const checkKeyId: Check = ({ header: { kid } }) => {
  const rule = createRule('kid', 'RFC 7515 section 4.1.4')
  if (kid === undefined) return rule.ok('kid is missing, which is enough for one registered key')
  return isFilled(kid)
    ? rule.ok(`kid is ${quote(kid)}, by which the server must know the key`)
    : rule.error(`kid must be a string, and is ${quote(kid)}`)
}

const checkParties: Check = ({ claims: { iss, sub } }, { clientId = iss }) => {
  const rule = createRule('iss, sub', 'RFC 7523 section 3, rules 1 and 2')
  if (!isFilled(iss) || iss !== clientId) return rule.error('iss is not the client ID')
  return sub === iss
    ? rule.ok(`iss and sub are both ${quote(iss)}, which must be the client ID`)
    : rule.error(`sub is ${quote(sub)}, and must be ${quote(iss)} as iss is`)
}

const checkAudience: Check = ({ claims: { aud } }, { audience }) => {
  const rule = createRule('aud', 'RFC 7523 section 3, rule 3')
  if (!isFilled(aud)) return rule.error('aud is not one string')
  if (aud !== (audience ?? aud)) return rule.error(`aud is ${aud}, and must be ${audience}`)
  if (aud === audience || /^(https:|http:\/\/(localhost|127\.0\.0\.1|\[::1\])\b)/i.test(aud))
    return rule.ok(`aud is ${aud}, which the server compares byte for byte`)
  return /^http:/i.test(aud)
    ? rule.error(`aud is ${aud}, which is not https`)
    : rule.warning(`aud is ${aud}, and most servers require an https URL`)
}

const checkLifetime: Check = ({ claims: { exp, iat } }, { now, maxLifetimeSeconds: max = 300 }) => {
  if (!isNumericDate(exp)) return undefined
  const rule = createRule('lifetime', 'RFC 7523 section 3, rule 4')
  const start = isNumericDate(iat) ? iat : now / 1000
  if (exp <= start && start === iat) return rule.error('exp is not after iat')
  if (exp - now / 1000 > max) return rule.error(`exp is more than ${max} s ahead`)
  return exp - start > max
    ? rule.error(`the lifetime is more than ${max} s`)
    : rule.ok(`the lifetime is ${Math.round(exp - start)} s, of at most ${max} s`)
}

const checkJti: Check = ({ claims: { jti } }) => {
  const rule = createRule('jti', 'RFC 7523 section 3, rule 7')
  if (!isFilled(jti)) return rule.error('jti is missing, and without it a replay is not detected')
  return jti.length >= shortestJti
    ? rule.ok('jti is present, and must be different in each assertion')
    : rule.warning(`jti has ${jti.length} characters; ${shortestJti} or more cannot be guessed`)
}

function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
