import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Call, CommandDefinition } from '../command.js'
import { misused, refused } from '../command-failure.js'
import { commonOptions } from '../common-options.js'
import { findJwt } from '../inspect/found-jwt.js'
import { inspectJwt } from '../inspect/inspection.js'
import { formatInspection } from '../inspect/inspection-text.js'
import type { JwkSet } from '../jwk-set.js'
import { readJwkSet } from '../jwk-set-file.js'
import type { OptionDefinition } from '../option-definition.js'
import type { Outcome } from '../outcome.js'
import type { Settings } from '../settings.js'
import { readTextFile, readTextOrStdin, shownPath } from '../text-file.js'

const jwks: OptionDefinition = {
  name: 'jwks',
  value: '<file>',
  description: 'verify the signature with the keys of this JWK Set',
}
const publicKey: OptionDefinition = {
  name: 'public-key',
  value: '<file>',
  description: 'verify the signature with this public key (PEM or JWK)',
}

export const inspect: CommandDefinition = {
  description:
    'Reads a client assertion or any JWT from stdin or a file and judges header, claims and signature. Works offline, so that no live credential goes into a web page, and never prints the signature. Understands a bare JWT, an Authorization header, a form with client_assertion, and JSON with access_token, or as assert --json and token --json print it.',
  argument: { name: '[file]', description: 'file of the JWT (default: stdin)' },
  options: [jwks, publicKey, commonOptions.profile],
  examples: [
    ['countersign assert | countersign inspect --public-key countersign.pub.pem', 'what is sent'],
    ['countersign inspect --profile jack-henry < request.txt', 'of a captured request'],
    ['countersign inspect --json token.txt', 'for a script'],
  ],
  run,
}

async function run({ operands: [file = '-'], settings }: Call): Promise<Outcome> {
  const keys = await readKeys(settings)
  const found = findJwt(await readTextOrStdin(file, 'the JWT'))
  const { profile } = settings
  const inspection = await inspectJwt(found, { now: Date.now(), profile, keys })
  return {
    json: inspection,
    text: (paint) => formatInspection(inspection, paint),
    isBad: !inspection.ok,
  }
}

async function readKeys(settings: Settings): Promise<JwkSet | KeyObject | undefined> {
  const [set, path] = [settings.flag(jwks), settings.flag(publicKey)]
  if (set !== undefined && path !== undefined)
    throw misused('Of --jwks and --public-key only one can verify: give one.')
  if (set !== undefined) return readJwkSet(set, '--jwks')
  if (path === undefined) return undefined
  const text = await readTextFile(path, '--public-key')
  try {
    const isJwk = text.trimStart().startsWith('{')
    return isJwk ? createPublicKey({ key: JSON.parse(text), format: 'jwk' }) : createPublicKey(text)
  } catch {
    throw refused('ERR_KEY_FORMAT', `${shownPath(path)} holds no public key: give PEM or a JWK.`)
  }
}
