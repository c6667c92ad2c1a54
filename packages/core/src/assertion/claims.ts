const backdatedSeconds = 5

interface ClaimsInput {
  clientId: string
  audience: string
  lifetimeSeconds: number
  claims: Readonly<Record<string, unknown>>
  /** Epoch milliseconds, finite. */
  now: number
  jti: string
}

/** The claims of one assertion (RFC 7523 section 3). Extra claims never replace ours. */
export function assertionClaims(input: ClaimsInput): Record<string, unknown> {
  const iat = Math.floor(input.now / 1000) - backdatedSeconds
  return {
    ...input.claims,
    iss: input.clientId,
    sub: input.clientId,
    aud: input.audience,
    jti: input.jti,
    iat,
    exp: iat + input.lifetimeSeconds,
  }
}
