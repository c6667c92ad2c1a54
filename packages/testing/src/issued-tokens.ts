import { randomBytes, randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'

/** How the tokens of a server are issued. */
interface IssuedTokensOptions {
  readonly format: 'opaque' | 'jwt'
  now(): number
  issuer(): string
}

/** The access tokens of one authorization server. */
export type IssuedTokens = Awaited<ReturnType<typeof createIssuedTokens>>

/** Issues and remembers tokens: random ones, or JWTs (RFC 9068) that are signed with ES256. */
export async function createIssuedTokens({ format, now, issuer }: IssuedTokensOptions) {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const protectedHeader = { alg: 'ES256', kid: randomUUID(), typ: 'at+jwt' }
  const { kid, alg } = protectedHeader
  const expiries = new Map<string, number>()
  let count = 0

  return {
    jwks: { keys: [{ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }] },
    count: () => count,
    /** Returns the token response (RFC 6749 section 5.1) for the form of a token request. */
    issue: async (clientId: string, form: URLSearchParams, lifetimeSeconds: number) => {
      const issuedAt = now()
      const iat = Math.floor(issuedAt / 1000)
      const scope = form.get('scope') || undefined
      const [first, ...others] = form.getAll('resource')
      const aud = others.length === 0 ? first : form.getAll('resource')
      const subject = { sub: clientId, client_id: clientId, jti: randomUUID() }
      const claims = { ...subject, scope, aud, iss: issuer(), iat, exp: iat + lifetimeSeconds }
      const value =
        format === 'jwt'
          ? await new SignJWT(claims as JWTPayload).setProtectedHeader(protectedHeader).sign(privateKey)
          : randomBytes(32).toString('base64url')
      expiries.set(value, issuedAt + lifetimeSeconds * 1000)
      count += 1
      return { access_token: value, token_type: 'Bearer', expires_in: lifetimeSeconds, scope }
    },
    isLive: (token: string) => now() < (expiries.get(token) ?? Number.NEGATIVE_INFINITY),
    revokeAll: () => expiries.clear(),
  }
}
