import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Call, Command, Outcome } from '../command.js'
import { CommandFailure, createUsageFailure } from '../command-failure.js'
import { readTextFile } from '../files.js'
import { findJwt } from '../inspect/found-jwt.js'
import { inspectJwt } from '../inspect/inspection.js'
import { formatInspection } from '../inspect/inspection-text.js'
import { type JwkSet, readJwkSet } from '../jwk-set.js'
import { Option, options } from '../options.js'
import type { Settings } from '../settings.js'

const jwks = new Option('--jwks <file>', 'verify the signature with the keys of this JWK Set')
const publicKey = new Option(
  '--public-key <file>',
  'verify the signature with this public key, PEM or JWK',
)

export const command: Command = {
  description:
    'Reads a client assertion or any JWT and judges header, claims and signature, offline: a live credential does not belong on a web page. Accepts a JWT, an Authorization header, a form with client_assertion, or JSON with access_token or as assert and token print it. Never prints the signature.',
  argument: { name: '[file]', description: 'file of the JWT (default: stdin)' },
  options: [jwks, publicKey, options.profile],
  examples: [
    ['your assertion', 'countersign assert | countersign inspect --public-key countersign.pub.pem'],
    ['a captured request', 'countersign inspect --profile jack-henry < request.txt'],
    ['for a script', 'countersign inspect --json token.txt'],
  ],
  run,
}

async function run({ operands: [file = '-'], settings }: Call): Promise<Outcome> {
  const keys = await readKeys(settings)
  const found = findJwt(await readTextFile(file, '<file>'))
  const { profile } = settings
  const inspection = await inspectJwt(found, { now: Date.now(), profile, keys })
  return { json: inspection, text: formatInspection(inspection), isBad: !inspection.ok }
}

async function readKeys(settings: Settings): Promise<JwkSet | KeyObject | undefined> {
  const [set, path] = [settings.readFlag(jwks), settings.readFlag(publicKey)]
  if (set !== undefined && path !== undefined)
    throw createUsageFailure('--jwks and --public-key are mutually exclusive. Pass one.')
  if (set !== undefined) return readJwkSet(set, '--jwks')
  if (path === undefined) return undefined
  const text = await readTextFile(path, '--public-key')
  try {
    const isJwk = text.trimStart().startsWith('{')
    return isJwk ? createPublicKey({ key: JSON.parse(text), format: 'jwk' }) : createPublicKey(text)
  } catch {
    throw new CommandFailure('ERR_KEY_FORMAT', `${path} is not a public key. Pass PEM or a JWK.`)
  }
}
