import { type Finding, type Judge, judge, quoted } from './finding.js'
import { dateClaim, distance } from './numeric-date.js'

type Claims = Readonly<Record<string, unknown>>

/** Whether `exp` is there, in seconds, and ahead. */
export function expiry(claims: Claims, now: number): Finding {
  const exp = judge('exp', 'RFC 7519 section 4.1.4')
  const value = dateClaim(claims, 'exp')
  if (typeof value !== 'number') return unreadable(exp, 'exp', claims)
  const away = distance(Math.round(value - now))
  return value > now
    ? exp.ok(`The exp is ahead: ${away}.`)
    : exp.error(`The exp has passed: ${away}.`)
}

/** Whether `iat` and `nbf`, where they are, are in seconds and not ahead. */
export function notAhead(claims: Claims, now: number): Finding[] {
  return [
    ['iat', 'RFC 7519 section 4.1.6'] as const,
    ['nbf', 'RFC 7519 section 4.1.5'] as const,
  ].flatMap(([name, reference]) => {
    const claim = judge(name, reference)
    const value = dateClaim(claims, name)
    if (value === 'missing')
      return name === 'iat' ? claim.warning('There is no iat: a server may ask for it.') : []
    if (typeof value !== 'number') return unreadable(claim, name, claims)
    const away = distance(Math.round(value - now))
    return value > now
      ? claim.error(`The ${name} is ahead (${away}): a server with a correct clock refuses it.`)
      : claim.ok(`The ${name} is not ahead: ${away}.`)
  })
}

/** Whether the assertion lives no longer than a server accepts, from now and from `iat`. */
export function lifetime(claims: Claims, { now, most }: { now: number; most: number }): Finding[] {
  const exp = judge('exp', 'RFC 7523 section 3, rule 4')
  const [ends, starts] = [dateClaim(claims, 'exp'), dateClaim(claims, 'iat')]
  if (typeof ends !== 'number') return []
  if (typeof starts === 'number' && ends <= starts) return [exp.error('The exp is not after iat.')]
  const whole = ends - (typeof starts === 'number' ? Math.min(starts, now) : now)
  return whole > most
    ? [exp.error(`The lifetime is ${Math.round(whole)} s, and may be ${most} s.`)]
    : [exp.ok(`The lifetime is ${Math.round(whole)} s, of at most ${most} s.`)]
}

function unreadable(claim: Judge, name: string, claims: Claims): Finding {
  const value = dateClaim(claims, name)
  if (value === 'missing') return claim.error(`There is no ${name}.`)
  return value === 'milliseconds'
    ? claim.error(`The ${name} is in milliseconds, and must be in seconds: divide it by 1000.`)
    : claim.error(`The ${name} must be a number of seconds, and is ${quoted(claims[name])}.`)
}
