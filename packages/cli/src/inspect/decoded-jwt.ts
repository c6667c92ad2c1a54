import { refused } from '../command-failure.js'

/** A JWT that was read and not believed. */
export interface DecodedJwt {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
}

/** @throws {CommandFailure} where a part is not base64url of a JSON object (RFC 7519 section 7.2). */
export function decodedJwt(jwt: string): DecodedJwt {
  const [header = '', claims = ''] = jwt.split('.')
  return { header: jsonObject(header, 'header'), claims: jsonObject(claims, 'claims') }
}

function jsonObject(part: string, what: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes(part)))
  } catch {
    throw damaged(what)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw damaged(what)
  return value as Record<string, unknown>
}

function bytes(part: string): Uint8Array {
  return Buffer.from(part, 'base64url')
}

function damaged(what: string) {
  return refused(
    'ERR_NOT_A_JWT',
    `In the ${what} of the JWT there is no JSON object: it is damaged or truncated.`,
  )
}
