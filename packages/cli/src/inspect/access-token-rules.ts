import { expiry, notAhead } from './date-rules.js'
import { type Finding, judge, quoted } from './finding.js'
import type { DecodedJwt, Source } from './found-jwt.js'

type Claims = DecodedJwt['claims']

const tokenPlaces: readonly Source[] = [
  'access_token of the JSON',
  'token of the JSON',
  'the Authorization header',
]

/** Whether a JWT is evidently an access token, and no client assertion. */
export function isAccessToken({ header, claims }: DecodedJwt, source: Source): boolean {
  const { typ } = header
  if (typeof typ === 'string' && /^(application\/)?at\+jwt$/i.test(typ)) return true
  if (tokenPlaces.includes(source)) return true
  const says = ['scope', 'scp', 'client_id', 'azp', 'cid'].some((name) => own(claims, name))
  return source === 'a bare JWT' && says && claims.iss !== claims.sub
}

/** An access token, judged by what a resource server looks at (RFC 9068). `now` is in seconds. */
export function judgedAccessToken({ header, claims }: DecodedJwt, now: number): readonly Finding[] {
  return [
    signed(header),
    expiry(claims, now),
    ...notAhead(claims, now),
    audience(claims),
    scope(claims),
  ]
}

function signed({ alg }: DecodedJwt['header']): Finding {
  const finding = judge('alg', 'RFC 9068 section 2.1')
  if (typeof alg !== 'string') return finding.error('There is no alg.')
  if (/^none$/i.test(alg)) return finding.error('The alg is none: nothing is signed.')
  return alg.startsWith('HS')
    ? finding.warning(`The alg is ${quoted(alg)}: whoever can check the token can also make one.`)
    : finding.ok(`The alg is ${quoted(alg)}.`)
}

function audience(claims: Claims): Finding {
  const finding = judge('aud', 'RFC 9068 section 2.2')
  const aud = own(claims, 'aud')
  return aud === undefined
    ? finding.warning('There is no aud: the token may be good at every API of its issuer.')
    : finding.ok(`The aud is ${quoted(aud)}: good at these APIs alone.`)
}

function scope(claims: Claims): Finding {
  const finding = judge('scope', 'RFC 9068 section 2.2.3')
  const granted = own(claims, 'scope') ?? own(claims, 'scp')
  return granted === undefined
    ? finding.warning('There is no scope: an API may refuse what it asks a scope for.')
    : finding.ok(`The scope is ${quoted(granted)}.`)
}

function own(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined
}
