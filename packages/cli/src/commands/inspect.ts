import type { Call, CommandDefinition } from '../command.js'
import { misused } from '../command-failure.js'
import { commonOptions } from '../common-options.js'
import { foundJwt } from '../inspect/found-jwt.js'
import { inspection } from '../inspect/inspection.js'
import { inspectionText } from '../inspect/inspection-text.js'
import { type Keys, publicKeyOf } from '../inspect/signature.js'
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
  const keys = await keysOf(settings)
  const found = foundJwt(await readTextOrStdin(file, 'the JWT'))
  const { profile } = settings
  const inspected = await inspection(found, { now: Date.now() / 1000, profile, keys })
  return {
    json: inspected,
    text: (paint) => inspectionText(inspected, paint),
    isBad: !inspected.ok,
  }
}

async function keysOf(settings: Settings): Promise<Keys | undefined> {
  const [set, key] = [settings.flag(jwks), settings.flag(publicKey)]
  if (set !== undefined && key !== undefined)
    throw misused('Of --jwks and --public-key only one can verify: give one.')
  if (set !== undefined) return { jwks: await readJwkSet(set, '--jwks') }
  if (key === undefined) return undefined
  return { publicKey: publicKeyOf(await readTextFile(key, '--public-key'), shownPath(key)) }
}
