import { randomBytes, randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import type { ScriptedAnswer } from './scripted-answer.js'

/** The access tokens of one authorization server. */
export interface IssuedTokens {
  /** The JWK Set with the key of JWT tokens. */
  readonly jwks: { readonly keys: readonly JWK[] }
  readonly count: number
  /** The lifetime of new tokens, in seconds. */
  lifetimeSeconds: number
  /** Issues a token, and returns the token response (RFC 6749 section 5.1). */
  grant(clientId: string, form: URLSearchParams): Promise<ScriptedAnswer>
  isLive(token: string): boolean
  revokeAll(): void
}

/** How the tokens of a server are issued. */
interface IssuedTokensOptions {
  readonly format: 'opaque' | 'jwt'
  readonly lifetimeSeconds: number
  now(): number
  issuer(): string
}

/** Issues and remembers tokens: random ones, or JWTs (RFC 9068) that are signed with ES256. */
export async function createIssuedTokens(options: IssuedTokensOptions): Promise<IssuedTokens> {
  const { format, now, issuer } = options
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const kid = randomUUID()
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' }
  const expiries = new Map<string, number>()
  let count = 0

  const sign = (claims: object, issuedAt: number, lifetimeSeconds: number) => {
    const iat = Math.floor(issuedAt / 1000)
    return new SignJWT({ ...claims, iss: issuer(), jti: randomUUID() })
      .setProtectedHeader({ alg: 'ES256', kid, typ: 'at+jwt' })
      .setIssuedAt(iat)
      .setExpirationTime(iat + lifetimeSeconds)
      .sign(privateKey)
  }

  const tokens: IssuedTokens = {
    jwks: { keys: [jwk] },
    get count() {
      return count
    },
    lifetimeSeconds: options.lifetimeSeconds,
    grant: async (clientId, form) => {
      const issuedAt = now()
      const { lifetimeSeconds } = tokens
      const scope = form.get('scope') || undefined
      const [first, ...others] = form.getAll('resource')
      const aud = others.length === 0 ? first : [first, ...others]
      const claims = { sub: clientId, client_id: clientId, scope, aud }
      const value =
        format === 'jwt'
          ? await sign(claims, issuedAt, lifetimeSeconds)
          : randomBytes(32).toString('base64url')
      expiries.set(value, issuedAt + lifetimeSeconds * 1000)
      count += 1
      const body = { access_token: value, token_type: 'Bearer', expires_in: lifetimeSeconds, scope }
      return { status: 200, headers: { 'cache-control': 'no-store' }, body }
    },
    isLive: (token) => now() < (expiries.get(token) ?? Number.NEGATIVE_INFINITY),
    revokeAll: () => expiries.clear(),
  }
  return tokens
}
