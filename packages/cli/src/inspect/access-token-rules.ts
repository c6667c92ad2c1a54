import { checkTimes, type JwtFinding, type StrictJwt } from '@countersign/testing'
import type { Source } from './found-jwt.js'

const tokenSources: readonly Source[] = [
  'access_token of the JSON',
  'token of the JSON',
  'the Authorization header',
]

/** Checks whether a JWT is an access token and not a client assertion. */
export function isAccessToken({ header, claims }: StrictJwt, source: Source): boolean {
  if (source !== 'a bare JWT') return tokenSources.includes(source)
  const names = ['scope', 'scp', 'client_id', 'azp', 'cid']
  const hasTokenClaim = names.some((name) => Object.hasOwn(claims, name))
  const isTyped = /^(application\/)?at\+jwt$/i.test(String(header.typ))
  return isTyped || (hasTokenClaim && claims.iss !== claims.sub)
}

/** Checks an access token as a resource server does (RFC 9068). `now` is in epoch milliseconds. */
export function checkAccessToken({ header, claims }: StrictJwt, now: number): JwtFinding[] {
  const { alg } = header
  const { aud, scope = claims.scp } = claims
  const signs = typeof alg === 'string' && !/^none$/i.test(alg)
  return [
    {
      subject: 'alg',
      reference: 'RFC 9068 section 2.1',
      ...(!signs
        ? { level: 'error', message: 'alg is none or missing: nothing is signed' }
        : alg.startsWith('HS')
          ? { level: 'warning', message: `alg is ${alg}: who can check the token can create one` }
          : { level: 'ok', message: `alg is ${alg}` }),
    },
    ...checkTimes(claims, { now, noun: 'access token' }),
    {
      subject: 'aud',
      reference: 'RFC 9068 section 2.2',
      ...(aud === undefined
        ? {
            level: 'warning',
            message: 'aud is missing: any API of the issuer may accept the token',
          }
        : { level: 'ok', message: `aud is ${JSON.stringify(aud)}` }),
    },
    {
      subject: 'scope',
      reference: 'RFC 9068 section 2.2.3',
      ...(scope === undefined
        ? { level: 'warning', message: 'scope is missing: an API may require one' }
        : { level: 'ok', message: `scope is ${JSON.stringify(scope)}` }),
    },
  ]
}
