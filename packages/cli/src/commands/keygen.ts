import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Call, Command, Outcome } from '../command.js'
import { CommandFailure, createUsageFailure } from '../command-failure.js'
import { formatVariable, formatVariables } from '../env-file.js'
import { type KeyPairOptions, writeKeyPair } from '../key-pair.js'
import { Option, options } from '../options.js'
import { escapeControls, listSteps, quoteWord } from '../output.js'
import { readPassphrase } from '../private-key.js'
import type { Settings } from '../settings.js'

const out = new Option(
  '--out <folder or prefix>',
  'where the three files go (default: countersign in this folder)',
)
const sizes = ['2048', '3072', '4096']
const bits = new Option('--bits <bits>', 'size of an RSA key (default: 2048)').choices(sizes)
const encrypt = new Option(
  '--passphrase',
  'encrypt the private key; asks for a passphrase unless PRIVATE_KEY_PASSPHRASE is set',
)

export const command: Command = {
  description:
    'Creates a key pair: the private key (PKCS#8, mode 0600), the public key to upload, and a JWK Set to host. Overwrites nothing and never prints the private key.',
  options: [options.newAlg, bits, out, options.newKid, encrypt, options.profile],
  examples: [
    ['countersign.pem, countersign.pub.pem and countersign.jwks.json', 'countersign keygen'],
    ['keys/2025.pem and so on, encrypted', 'countersign keygen --out keys/2025 --passphrase'],
    ['an RSA key, for a script', 'countersign keygen --alg PS256 --bits 3072 --json'],
  ],
  run,
}

async function run({ settings, output }: Call): Promise<Outcome> {
  const prefix = await readPrefix(settings.readFlag(out))
  const wanted = await readKeyPairOptions(settings)
  output.announce(`Creating the key (${wanted.alg})…`)
  const { kid, files } = await writeKeyPair(prefix, wanted)
  const { privateKey, publicKey, jwks } = files
  const variables = [
    'CLIENT_ID=<your client ID>',
    `TOKEN_ENDPOINT=${settings.profile?.tokenEndpoint ?? '<the token endpoint>'}`,
    ...formatVariables({ PRIVATE_KEY_FILE: privateKey }),
    ...(wanted.passphrase === undefined ? [] : ['PRIVATE_KEY_PASSPHRASE=<the passphrase>']),
    ...(wanted.alg === 'ES256' ? [] : [`ALG=${wanted.alg}`]),
    ...formatVariables({ KID: kid }),
  ]
  const next = [
    `Register the public key: upload ${publicKey}, or host ${jwks} and register its URL. To rotate, add the key to your hosted set instead:\n     countersign jwks add --set <hosted set> ${quoteWord(jwks)}`,
    `Keep ${privateKey} in a secret store. Never commit or send it.`,
    `Set these variables in the environment or .env. Leave out KID if you uploaded ${publicKey}:\n${variables.map((line) => `     ${line}`).join('\n')}`,
    'Try it: countersign doctor',
  ]
  const done = [
    `+ Created the key pair (${wanted.alg})`,
    `kid          ${kid}`,
    `private key  ${privateKey} (mode 0600)`,
    `public key   ${publicKey}`,
    `JWK Set      ${jwks}`,
  ]
  return {
    json: { alg: wanted.alg, kid, files, next },
    text: listSteps(done, next),
  }
}

async function readPrefix(given = 'countersign'): Promise<string> {
  const isFolder = given.endsWith('/') || (await stat(given).catch(() => undefined))?.isDirectory()
  return isFolder ? join(given, 'countersign') : given.replace(/\.pem$/, '')
}

async function readKeyPairOptions(settings: Settings): Promise<KeyPairOptions> {
  const alg = (settings.readFlag(options.newAlg) ?? 'ES256') as KeyPairOptions['alg']
  const [size, kid] = [settings.readFlag(bits), settings.readFlag(options.newKid)]
  if (kid !== undefined && (escapeControls(kid) !== kid || !formatVariable('KID', kid)))
    throw createUsageFailure(
      '--kid must fit into .env: without control characters and at least one kind of quotes.',
    )
  if (size !== undefined && alg === 'ES256')
    throw createUsageFailure('--bits is the size of an RSA key. Pass --alg PS256 or RS256 with it.')
  const passphrase = settings.hasFlag(encrypt) ? await readNewPassphrase(settings) : undefined
  return { alg, bits: Number(size ?? 2048), kid, passphrase }
}

async function readNewPassphrase(settings: Settings): Promise<string | undefined> {
  const prompts = ['New passphrase: ', 'Confirm passphrase: ']
  const [first, second] = await readPassphrase(settings, prompts)
  if (first === second) return first
  throw new CommandFailure(
    'ERR_PASSPHRASE_MISMATCH',
    'The two passphrases differ. Nothing was written.',
  )
}
