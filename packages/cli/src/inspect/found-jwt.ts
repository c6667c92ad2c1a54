import { readStrictJwt, type StrictJwt } from '@countersign/testing'
import { CommandFailure } from '../command-failure.js'

/** A JWT, and in what it was found. */
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

const compact = /^[\w-]+\.[\w-]+\.[\w-]*$/

/** The JWT of whatever a log, a debugger or a command gave. */
export function foundJwt(text: string): FoundJwt {
  const bare = text.replace(/^\uFEFF/, '').trim()
  if (bare === '') throw notJwt('Nothing was given.')
  if (bare.includes('PRIVATE KEY-----'))
    throw notJwt('That is a private key. Keep it off the clipboard; nothing was read from it.')
  const found = inJson(bare) ?? inForm(bare) ?? inHeader(bare) ?? bareJwt(bare)
  if (compact.test(found.jwt)) return found
  const where = found.source === 'a bare JWT' ? 'What was given' : `What ${found.source} holds`
  if (/^[\w-]+(\.[\w-]*){4}$/.test(found.jwt))
    throw notJwt(`${where} is encrypted (JWE): only its recipient can read it.`)
  throw notJwt(
    `${where} is no JWT, which is three parts of base64url joined by dots. An opaque token says nothing about itself.`,
  )
}

function inJson(text: string): FoundJwt | undefined {
  if (!text.startsWith('{')) return undefined
  let json: Record<string, unknown>
  try {
    json = JSON.parse(text)
  } catch {
    throw notJwt('The JSON is damaged or truncated.')
  }
  const member = (name: string) => {
    const value = Object.hasOwn(json, name) ? json[name] : undefined
    return typeof value === 'string' ? value : undefined
  }
  const assertion = member('client_assertion') ?? member('assertion')
  if (assertion !== undefined) return { jwt: assertion, source: 'client_assertion of the JSON' }
  const token = member('access_token')
  if (token !== undefined) return { jwt: token, source: 'access_token of the JSON' }
  const printed = member('token')
  if (printed !== undefined) return { jwt: printed, source: 'token of the JSON' }
  throw notJwt('The JSON has no client_assertion, no access_token and no token.')
}

function inForm(text: string): FoundJwt | undefined {
  const field = /(?:^|[\s&?'"])(client_assertion=[^&\s'"]*)/.exec(text)?.[1]
  const jwt = new URLSearchParams(field).get('client_assertion')
  return jwt === null ? undefined : { jwt, source: 'client_assertion of the form' }
}

function inHeader(text: string): FoundJwt | undefined {
  const jwt = /(?:^|authorization["']?:\s*["']?)(?:bearer|dpop)\s+([^\s'",]+)/im.exec(text)?.[1]
  return jwt === undefined ? undefined : { jwt, source: 'the Authorization header' }
}

/** Terminals and mails break long lines. */
function bareJwt(text: string): FoundJwt {
  return { jwt: text.replace(/^["'`]|["'`]$|\s+/g, ''), source: 'a bare JWT' }
}

function notJwt(message: string) {
  return new CommandFailure('ERR_NOT_A_JWT', message)
}

/** A JWT that was read and not believed. */
export type DecodedJwt = StrictJwt

/** @throws {CommandFailure} for a JWT that servers could read differently, or not at all. */
export function decodedJwt(jwt: string): DecodedJwt {
  try {
    return readStrictJwt(jwt)
  } catch (error) {
    throw new CommandFailure('ERR_NOT_A_JWT', (error as Error).message)
  }
}
