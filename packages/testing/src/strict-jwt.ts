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

/** Returns whether `typ` is absent or names a client assertion. */
export function isAssertionType(typ: unknown): boolean {
  if (typ === undefined) return true
  return typeof typ === 'string' && /^(application\/)?(jwt|client-authentication\+jwt)$/i.test(typ)
}

function readObject(part: string, name: string): Record<string, unknown> {
  const bytes = decodePart(part, name)
  let text: string
  let value: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    value = JSON.parse(text)
  } catch {
    throw damaged(name)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw damaged(name)
  requireOneReading(text, name)
  return value as Record<string, unknown>
}

function decodePart(part: string, name: string): Buffer {
  const bytes = Buffer.from(part, 'base64url')
  if (bytes.toString('base64url') === part) return bytes
  throw new TypeError(`The ${name} of the JWT is not canonical base64url without padding.`)
}

/** Requires that no member is repeated, no integer is rounded and nothing is nested deeply. */
function requireOneReading(json: string, name: string): void {
  const open: Set<string>[] = []
  for (const [token, text, colon] of json.matchAll(
    /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}[\]]|-?\d[\d.eE+-]*/g,
  )) {
    if (token === '{' || token === '[') open.push(new Set())
    else if (token === '}' || token === ']') open.pop()
    else if (text === undefined) requireSafeNumber(Number(token), name)
    else if (colon !== undefined) requireNewMember(open.at(-1), JSON.parse(text), name)
    if (open.length > deepest)
      throw new TypeError(`The ${name} of the JWT is nested more than ${deepest} levels deep.`)
  }
}

function requireSafeNumber(value: number, name: string): void {
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER)
    throw new TypeError(`The ${name} of the JWT contains a number beyond 2^53 - 1.`)
}

function requireNewMember(members: Set<string> | undefined, member: string, name: string): void {
  if (members?.has(member)) throw new TypeError(`The ${name} of the JWT repeats a member.`)
  members?.add(member)
}

function damaged(name: string): TypeError {
  return new TypeError(
    `In the ${name} of the JWT there is no JSON object: it is damaged or truncated.`,
  )
}
