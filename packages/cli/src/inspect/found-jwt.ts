import { readStrictJwt, type StrictJwt } from '@countersign/testing'
import { CommandFailure } from '../command-failure.js'

/** A JWT, and where it was found. */
export interface FoundJwt {
  readonly jwt: string
  readonly source: Source
}

export type Source =
  | 'a bare JWT'
  | 'the Authorization header'
  | 'client_assertion of the form'
  | 'client_assertion of the JSON'
  | 'access_token of the JSON'
  | 'token of the JSON'

/** The members of JSON that may hold a JWT. The first one counts. */
const jsonMembers: Readonly<Record<string, Source>> = {
  client_assertion: 'client_assertion of the JSON',
  assertion: 'client_assertion of the JSON',
  access_token: 'access_token of the JSON',
  token: 'token of the JSON',
}

/**
 * Finds the JWT in a log line, a request, JSON or a form.
 *
 * @throws {CommandFailure} if there is none.
 */
export function findJwt(text: string): FoundJwt {
  const bare = text.replace(/^\uFEFF/, '').trim()
  if (bare === '') throw createJwtError('Nothing was given.')
  if (bare.includes('PRIVATE KEY-----'))
    throw createJwtError(
      'That is a private key. Keep it off the clipboard; nothing was read from it.',
    )
  const found = findInJson(bare) ?? findInForm(bare) ?? findInHeader(bare) ?? readBareJwt(bare)
  if (/^[\w-]+\.[\w-]+\.[\w-]*$/.test(found.jwt)) return found
  const where = found.source === 'a bare JWT' ? 'the input' : found.source
  if (/^[\w-]+(\.[\w-]*){4}$/.test(found.jwt))
    throw createJwtError(
      `The token in ${where} is encrypted (JWE): only its recipient can read it.`,
    )
  throw createJwtError(
    `A JWT is missing in ${where}. It has three parts of base64url, joined by dots. An opaque token cannot be inspected.`,
  )
}

function findInJson(text: string): FoundJwt | undefined {
  if (!text.startsWith('{')) return undefined
  let json: Record<string, unknown>
  try {
    json = JSON.parse(text)
  } catch {
    throw createJwtError('The JSON is damaged or truncated.')
  }
  for (const [name, source] of Object.entries(jsonMembers)) {
    const jwt = json[name]
    if (typeof jwt === 'string') return { jwt, source }
  }
  throw createJwtError('The JSON has no client_assertion, no access_token and no token.')
}

function findInForm(text: string): FoundJwt | undefined {
  const field = /(?:^|[\s&?'"])(client_assertion=[^&\s'"]*)/.exec(text)?.[1]
  const jwt = new URLSearchParams(field).get('client_assertion')
  return jwt === null ? undefined : { jwt, source: 'client_assertion of the form' }
}

function findInHeader(text: string): FoundJwt | undefined {
  const jwt = /(?:^|authorization["']?:\s*["']?)(?:bearer|dpop)\s+([^\s'",]+)/im.exec(text)?.[1]
  return jwt === undefined ? undefined : { jwt, source: 'the Authorization header' }
}

/** Removes line breaks, which terminals and mails insert. */
function readBareJwt(text: string): FoundJwt {
  return { jwt: text.replace(/^["'`]|["'`]$|\s+/g, ''), source: 'a bare JWT' }
}

function createJwtError(message: string) {
  return new CommandFailure('ERR_NOT_A_JWT', message)
}

/** @throws {CommandFailure} for a JWT that servers could read differently, or not at all. */
export function readJwt(jwt: string): StrictJwt {
  try {
    return readStrictJwt(jwt)
  } catch (error) {
    throw createJwtError((error as Error).message)
  }
}
