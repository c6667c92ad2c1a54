import { compactVerify, errors } from 'jose'
import type { RegisteredClient } from './client-registration.js'
import { isAssertionType, readStrictJwt, type StrictJwt } from './strict-jwt.js'

/** Why a client assertion is not accepted. */
export interface AssertionRefusal {
  readonly error: 'invalid_client'
  readonly reason: string
}

/** Above this a NumericDate is in milliseconds: as seconds it would be the year 5138. */
const latestSeconds = 1e11

/** Returns the header and claims of a strict JWT, or empty ones and the reason. */
export function readAssertion(assertion: string): StrictJwt & { readonly reason?: string } {
  try {
    return readStrictJwt(assertion)
  } catch (error) {
    return { header: {}, claims: {}, reason: (error as Error).message }
  }
}

/**
 * Verifies a client assertion as RFC 7523 section 3 and RFC 7521 section 5.2 ask, by the clock
 * given: algorithm, signature, issuer and subject, audience, expiry, and that its `jti` was never
 * seen. An assertion that gets as far as that has used up its `jti`.
 *
 * @returns undefined when it holds.
 */
export async function checkAssertion(
  assertion: string,
  client: RegisteredClient,
  { now, seen }: { now: () => number; seen: Set<string> },
): Promise<AssertionRefusal | undefined> {
  const { header, claims, reason: unreadable } = readAssertion(assertion)
  const reason =
    unreadable ??
    wrongAlgorithm(header, client) ??
    wrongType(header) ??
    (await wrongSignature(assertion, client)) ??
    wrongParties(claims, client) ??
    wrongTimes(claims, client, now()) ??
    usedBefore(claims, client, seen)
  return reason === undefined ? undefined : { error: 'invalid_client', reason }
}

function wrongAlgorithm(
  { alg }: StrictJwt['header'],
  { algorithms }: RegisteredClient,
): string | undefined {
  if (typeof alg === 'string' && algorithms.includes(alg)) return undefined
  if (alg === undefined) return 'the assertion is not a signed JWT'
  return `alg ${String(alg)} is not allowed; ${algorithms.join(', ')} are`
}

function wrongType({ typ, kid }: StrictJwt['header']): string | undefined {
  if (!isAssertionType(typ)) return 'typ does not name a client assertion'
  if (kid === undefined || (typeof kid === 'string' && kid !== '')) return undefined
  return 'kid is not a string'
}

async function wrongSignature(
  assertion: string,
  client: RegisteredClient,
): Promise<string | undefined> {
  const options = { algorithms: [...client.algorithms] }
  try {
    await compactVerify(assertion, client.publicKey, options)
    return undefined
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) return signatureReason(error)
    for await (const key of error) {
      try {
        await compactVerify(assertion, key, options)
        return undefined
      } catch {}
    }
    return 'the signature is by none of the registered keys'
  }
}

function signatureReason(error: unknown): string {
  if (error instanceof errors.JWKSNoMatchingKey) return 'no registered key has this kid and alg'
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the signature is wrong'
  const detail = error instanceof Error ? error.message : String(error)
  return `the signature cannot be verified: ${detail}`
}

function wrongParties(
  { iss, sub, aud }: StrictJwt['claims'],
  { clientId, audience }: RegisteredClient,
): string | undefined {
  if (iss !== clientId) return 'iss is not the client id'
  if (sub !== clientId) return 'sub is not the client id'
  if (typeof aud !== 'string') return 'aud is not one string'
  if (aud !== audience) return `aud is ${aud}, and must be ${audience}`
  return undefined
}

/** How far ahead of the server's clock a time may be, in milliseconds; servers tolerate an `iat`. */
const tolerated = { iat: 60_000, nbf: 0 }

function wrongTimes(
  { exp, iat, nbf }: StrictJwt['claims'],
  { maxLifetimeSeconds }: RegisteredClient,
  now: number,
): string | undefined {
  if (typeof exp !== 'number' || !Number.isFinite(exp)) return 'exp is not a number'
  if (exp > latestSeconds) return 'exp is in milliseconds, and must be in seconds'
  if (exp * 1000 <= now) return 'the assertion has expired'
  if (exp * 1000 > now + maxLifetimeSeconds * 1000) {
    return `exp is more than ${maxLifetimeSeconds} s ahead`
  }
  for (const [name, value] of Object.entries({ iat, nbf }) as ['iat' | 'nbf', unknown][]) {
    if (value === undefined) continue
    if (typeof value !== 'number') return `${name} is not a number`
    if (value > latestSeconds) return `${name} is in milliseconds, and must be in seconds`
    if (value * 1000 > now + tolerated[name])
      return name === 'nbf' ? 'the assertion is not valid yet' : 'iat is ahead'
  }
  if (typeof iat !== 'number') return undefined
  if (exp <= iat) return 'exp is not after iat'
  return exp - iat > maxLifetimeSeconds
    ? `the lifetime is more than ${maxLifetimeSeconds} s`
    : undefined
}

function usedBefore(
  { jti }: StrictJwt['claims'],
  { clientId }: RegisteredClient,
  seen: Set<string>,
): string | undefined {
  if (typeof jti !== 'string' || jti === '') return 'jti is missing'
  const use = JSON.stringify([clientId, jti])
  if (seen.has(use)) return 'jti was used before'
  seen.add(use)
  return undefined
}
