import { createRule, type JwtFinding, quote } from './finding.js'
import type { StrictJwt } from './strict-jwt.js'

/** A larger NumericDate is in milliseconds: as seconds it would be the year 5138. */
const latestSeconds = 1e11

/** The subsections of RFC 7519 section 4.1. */
const sections = { exp: 4, iat: 6, nbf: 5 }

/** How far ahead of the server's clock a date may be, in seconds. Most servers tolerate an `iat`. */
const tolerance = { iat: 60, nbf: 0 }

/**
 * Checks that `exp` is ahead and that `iat` and `nbf` are not, each in seconds (RFC 7519 section
 * 4.1). An `iat` may be up to 60 s ahead.
 *
 * @param options - `now` is in epoch milliseconds; `noun` names the JWT in messages, such as
 * `access token`.
 * @returns A finding for each claim; none for an absent `nbf`.
 *
 * @example
 * ```ts
 * const findings = checkTimes(readStrictJwt(jwt).claims, { now: Date.now(), noun: 'access token' })
 * ```
 */
export function checkTimes(
  claims: StrictJwt['claims'],
  { now, noun }: { readonly now: number; readonly noun: string },
): readonly JwtFinding[] {
  return (['exp', 'iat', 'nbf'] as const).flatMap((name) => {
    const rule = createRule(name, `RFC 7519 section 4.1.${sections[name]}`)
    const value = claims[name]
    if (value === undefined && name === 'nbf') return []
    if (value === undefined)
      return name === 'exp'
        ? rule.error('exp is missing')
        : rule.warning('iat is missing, and some servers require it')
    if (typeof value !== 'number')
      return rule.error(`${name} is not a number of seconds, but ${quote(value)}`)
    if (!isNumericDate(value))
      return rule.error(`${name} is in milliseconds, and must be in seconds`)
    const ahead = value - now / 1000
    if (name === 'exp')
      return ahead > 0 ? rule.ok('exp is ahead') : rule.error(`the ${noun} has expired`)
    if (ahead > tolerance[name])
      return rule.error(name === 'iat' ? 'iat is ahead' : `the ${noun} is not valid yet`)
    return ahead > 0
      ? rule.warning('iat is ahead, by no more than the 60 s that most servers tolerate')
      : rule.ok(`${name} is not ahead`)
  })
}

/** Checks whether a claim is a number of seconds (RFC 7519 section 2). */
export function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= latestSeconds
}
