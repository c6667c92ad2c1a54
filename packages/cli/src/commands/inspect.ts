import type { Call, Command, Outcome } from '../command.js'
import { createUsageFailure } from '../command-failure.js'
import { readTextFile } from '../files.js'
import { foundJwt } from '../inspect/found-jwt.js'
import { inspection } from '../inspect/inspection.js'
import { inspectionText } from '../inspect/inspection-text.js'
import { type Keys, publicKeyOf } from '../inspect/signature.js'
import { readJwkSet } from '../jwk-set.js'
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
  const found = foundJwt(await readTextFile(file, '<file>'))
  const { profile } = settings
  const inspected = await inspection(found, { now: Date.now() / 1000, profile, keys })
  return { json: inspected, text: inspectionText(inspected), isBad: !inspected.ok }
}

async function readKeys(settings: Settings): Promise<Keys | undefined> {
  const [set, key] = [settings.readFlag(jwks), settings.readFlag(publicKey)]
  if (set !== undefined && key !== undefined)
    throw createUsageFailure('--jwks and --public-key are mutually exclusive. Pass one.')
  if (set !== undefined) return { jwks: await readJwkSet(set, '--jwks') }
  if (key === undefined) return undefined
  return { publicKey: publicKeyOf(await readTextFile(key, '--public-key'), key) }
}
