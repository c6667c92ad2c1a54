import { randomBytes, randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'

type Issuer = { readonly issuer: string; readonly lifetimeSeconds: number }

/**
 * Creates the access tokens of one server, and remembers them: random ones, or JWTs (RFC 9068) that
 * are signed with ES256.
 */
export async function createIssuedTokens(format: 'opaque' | 'jwt', now: () => number) {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const header = { alg: 'ES256', kid: randomUUID(), typ: 'at+jwt' }
  const expiries = new Map<string, number>()

  return {
    jwks: {
      keys: [{ ...(await exportJWK(publicKey)), kid: header.kid, alg: header.alg, use: 'sig' }],
    },
    /** Returns the token response (RFC 6749 section 5.1) for the form of a token request. */
    issue: async (clientId: string, form: URLSearchParams, server: Issuer) => {
      const { issuer: iss, lifetimeSeconds } = server
      const issuedAt = now()
      const iat = Math.floor(issuedAt / 1000)
      const scope = form.get('scope') || undefined
      const [first, ...others] = form.getAll('resource')
      const aud = others.length === 0 ? first : form.getAll('resource')
      const subject = { sub: clientId, client_id: clientId, jti: randomUUID() }
      const claims = { ...subject, scope, aud, iss, iat, exp: iat + lifetimeSeconds }
      const value =
        format === 'jwt'
          ? await new SignJWT(claims as JWTPayload).setProtectedHeader(header).sign(privateKey)
          : randomBytes(32).toString('base64url')
      expiries.set(value, issuedAt + lifetimeSeconds * 1000)
      return { access_token: value, token_type: 'Bearer', expires_in: lifetimeSeconds, scope }
    },
    isLive: (token: string) => now() < (expiries.get(token) ?? Number.NEGATIVE_INFINITY),
    revokeAll: () => expiries.clear(),
  }
}
