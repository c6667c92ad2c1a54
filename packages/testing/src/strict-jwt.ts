import { isUtf8 } from 'node:buffer'

/** The header and claims of a JWT whose signature was not verified. */
export interface StrictJwt {
  /** The JOSE header. */
  readonly header: Readonly<Record<string, unknown>>
  /** The JWT claims set. */
  readonly claims: Readonly<Record<string, unknown>>
}

const deepest = 64

/**
 * Reads a JWT in the one way that every server agrees on (RFC 7519 section 7.2, RFC 8725).
 *
 * @throws TypeError for a JWT that two servers could read differently: base64url that is not
 * canonical, invalid UTF-8, a repeated member, an integer beyond 2^53 - 1, deep nesting, or `b64`
 * or `crit` in the header. The message has no part of the JWT.
 *
 * @example
 * ```ts
 * const { claims } = readStrictJwt(assertion)
 * ```
 */
export function readStrictJwt(jwt: string): StrictJwt {
  const [header, claims, signature, ...more] = jwt.split('.')
  if (header === undefined || claims === undefined || signature === undefined || more.length > 0)
    throw new TypeError('The JWT must have three parts.')
  decodePart(signature, 'signature')
  const read = { header: readObject(header, 'header'), claims: readObject(claims, 'claims') }
  for (const name of ['b64', 'crit'])
    if (Object.hasOwn(read.header, name))
      throw new TypeError(`The header of the JWT contains ${name}, which is not supported.`)
  return read
}

function readObject(part: string, name: string): Record<string, unknown> {
  const bytes = decodePart(part, name)
  const text = bytes.toString()
  let value: unknown
  try {
    value = isUtf8(bytes) && JSON.parse(text)
  } catch {}
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw fault(name, 'contains no JSON object: it is damaged or truncated')
  requireOneReading(text, name)
  return value as Record<string, unknown>
}

function decodePart(part: string, name: string): Buffer {
  const bytes = Buffer.from(part, 'base64url')
  if (bytes.toString('base64url') === part) return bytes
  throw fault(name, 'is not canonical base64url without padding')
}

/** Requires that no member is repeated, no integer is rounded and nothing is nested deeply. */
function requireOneReading(json: string, name: string): void {
  const open: Set<string>[] = []
  for (const [token, text, colon] of json.matchAll(
    /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}[\]]|-?\d[\d.eE+-]*/g,
  )) {
    if (token === '{' || token === '[') open.push(new Set())
    else if (token === '}' || token === ']') open.pop()
    else if (text === undefined && Math.abs(Number(token)) > Number.MAX_SAFE_INTEGER)
      throw fault(name, 'contains a number beyond 2^53 - 1')
    else if (text !== undefined && colon !== undefined) {
      const members = open.at(-1)
      const member = JSON.parse(text)
      if (members?.has(member)) throw fault(name, 'repeats a member')
      members?.add(member)
    }
    if (open.length > deepest) throw fault(name, `is nested more than ${deepest} levels deep`)
  }
}

function fault(name: string, text: string): TypeError {
  return new TypeError(`The ${name} of the JWT ${text}.`)
}
