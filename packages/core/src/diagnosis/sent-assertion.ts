import { oneLine } from './server-text.js'

/** A signing key as it is told: nothing secret. */
export interface ShownKey {
  readonly kid: string | undefined
  /** RFC 7638, of the public key; undefined for a key that cannot tell. */
  readonly thumbprint: string | undefined
}

/** What was sent, told in an error: nothing secret. */
export interface SentAssertion extends ShownKey {
  readonly clientId: string
  readonly audience: string
  readonly alg: string
  readonly lifetimeSeconds: number
}

export function describeSent(sent: SentAssertion): string {
  const { alg, kid, audience, lifetimeSeconds, thumbprint } = sent
  const key = thumbprint ?? 'unknown'
  return `Sent: alg ${alg}, kid ${shownKid(kid)}, aud ${shownAudience(audience)}, lifetime ${lifetimeSeconds} s, thumbprint ${key}, client id ${shortClientId(sent)}.`
}

export function shownKid(kid: string | undefined): string {
  return kid === undefined ? 'none' : shown(kid, 64)
}

export function shortClientId({ clientId }: { clientId: string }): string {
  return clientId.length > 12 ? `${clientId.slice(0, 8)}...` : clientId
}

/** A query may hold a gateway's key. */
export function shownAudience(audience: string, most?: number): string {
  return shown(audience.replace(/\?.*/, '?...'), most)
}

/** A value of our own, which is not secret: one line, cut, and never redacted. */
export function shown(value: string, most = 256): string {
  const line = oneLine(value).trim()
  return line.length > most ? `${line.slice(0, most - 3)}...` : line
}
