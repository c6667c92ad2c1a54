import { randomBytes, randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'

/** What a new access token is about. */
interface TokenGrant {
  readonly clientId: string
  readonly scope: string | undefined
  readonly audience: readonly string[]
  readonly lifetimeSeconds: number
}

/** The access tokens of one authorization server. */
export interface IssuedTokens {
  readonly jwks: { readonly keys: readonly JWK[] }
  readonly count: number
  issue(grant: TokenGrant): Promise<string>
  isLive(token: string): boolean
  revokeAll(): void
}

/** Makes and remembers tokens: random ones, or JWTs as RFC 9068 describes, signed with ES256. */
export async function createIssuedTokens(
  format: 'opaque' | 'jwt',
  now: () => number,
  issuer: () => string,
): Promise<IssuedTokens> {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const kid = randomUUID()
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' }
  const expiries = new Map<string, number>()
  let count = 0

  const sign = ({ clientId, scope, audience, lifetimeSeconds }: TokenGrant, issuedAt: number) => {
    const iat = Math.floor(issuedAt / 1000)
    const claims = { client_id: clientId, ...(scope === undefined ? {} : { scope }) }
    const jwt = new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid, typ: 'at+jwt' })
      .setIssuer(issuer())
      .setSubject(clientId)
      .setJti(randomUUID())
      .setIssuedAt(iat)
      .setExpirationTime(iat + lifetimeSeconds)
    const [first, ...others] = audience
    if (first !== undefined) jwt.setAudience(others.length === 0 ? first : [...audience])
    return jwt.sign(privateKey)
  }

  return {
    jwks: { keys: [jwk] },
    get count() {
      return count
    },
    issue: async (grant) => {
      const issuedAt = now()
      const token =
        format === 'jwt' ? await sign(grant, issuedAt) : randomBytes(32).toString('base64url')
      expiries.set(token, issuedAt + grant.lifetimeSeconds * 1000)
      count += 1
      return token
    },
    isLive: (token) => {
      const expiresAt = expiries.get(token)
      return expiresAt !== undefined && now() < expiresAt
    },
    revokeAll: () => expiries.clear(),
  }
}
