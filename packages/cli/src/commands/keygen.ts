import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Call, CommandDefinition } from '../command.js'
import { misused, refused } from '../command-failure.js'
import { commonOptions } from '../common-options.js'
import { type KeyPair, type KeyPairOptions, newKeyPair } from '../key-pair.js'
import { requireAbsent, writeNewFiles } from '../new-files.js'
import type { OptionDefinition } from '../option-definition.js'
import { type Outcome, stepsText } from '../outcome.js'
import { harmless } from '../output.js'
import { passphrase } from '../passphrase.js'
import { envLine } from '../saved-variables.js'
import type { Settings } from '../settings.js'
import { shellWord } from '../shell-words.js'
import { shownPath } from '../text-file.js'

const { alg, kid, profile } = commonOptions

const out: OptionDefinition = {
  name: 'out',
  value: '<folder or prefix>',
  description: 'where the three files go (default: countersign in this folder)',
}
const bits: OptionDefinition = {
  name: 'bits',
  value: '<bits>',
  description: 'size of an RSA key (default: 2048)',
  choices: ['2048', '3072', '4096'],
}
const encrypted: OptionDefinition = {
  name: 'passphrase',
  description: 'encrypt the private key: ask for a passphrase, or take PRIVATE_KEY_PASSPHRASE',
}

// A new key is not the one that the environment describes.
const newAlg: OptionDefinition = {
  name: alg.name,
  value: alg.value,
  description: 'algorithm of its signatures (default: ES256)',
  choices: alg.choices,
}
const newKid: OptionDefinition = {
  name: kid.name,
  value: kid.value,
  description: 'name of the key (default: its thumbprint, RFC 7638)',
}

export const keygen: CommandDefinition = {
  description:
    'Makes a key pair: the private key (PKCS#8, readable by you alone), the public key to upload, and a JWK Set to host. Never overwrites, never prints the private key.',
  options: [newAlg, bits, out, newKid, encrypted, profile],
  examples: [
    ['countersign keygen', 'countersign.pem, countersign.pub.pem, countersign.jwks.json'],
    ['countersign keygen --out keys/2025 --passphrase', 'keys/2025.pem and so on, encrypted'],
    ['countersign keygen --alg PS256 --bits 3072 --json', 'an RSA key, for a script'],
  ],
  run,
}

interface Paths {
  readonly privateKey: string
  readonly publicKey: string
  readonly jwks: string
}

async function run({ settings, progress }: Call): Promise<Outcome> {
  const paths = await pathsOf(settings.flag(out))
  await requireAbsent(Object.values(paths))
  const wanted = await keyPairOptions(settings)
  const pair = await progress(`Making the key (${wanted.alg})`, newKeyPair(wanted))
  await writeNewFiles([
    { path: paths.privateKey, text: pair.privatePem, mode: 0o600 },
    { path: paths.publicKey, text: pair.publicPem, mode: 0o644 },
    { path: paths.jwks, text: `${JSON.stringify(pair.jwks, null, 2)}\n`, mode: 0o644 },
  ])
  const next = nextSteps(wanted, { pair, paths, settings })
  return {
    json: { alg: pair.alg, kid: pair.kid, files: paths, next },
    text: (paint) => stepsText(paint, rows(pair, paths), next),
  }
}

function rows({ kid, alg }: KeyPair, { privateKey, publicKey, jwks }: Paths): string[] {
  return [
    `The new key is made (${alg})`,
    `kid          ${harmless(kid)}`,
    `private key  ${shownPath(privateKey)}, which you alone can read`,
    `public key   ${shownPath(publicKey)}`,
    `JWK Set      ${shownPath(jwks)}`,
  ]
}

async function keyPairOptions(settings: Settings): Promise<KeyPairOptions> {
  const chosen = (settings.flag(newAlg) ?? 'ES256') as KeyPairOptions['alg']
  const size = settings.whole(bits)
  const chosenKid = settings.flag(newKid)
  if (chosenKid !== undefined && !isStorable(chosenKid)) {
    throw misused(
      '--kid must be a text that .env can hold: without control characters, and without one of the three kinds of quotes.',
    )
  }
  if (size !== undefined && chosen === 'ES256')
    throw misused('--bits is the size of an RSA key: give --alg PS256 or RS256 with it.')
  if (settings.profile?.algorithms.includes(chosen) === false)
    throw misused(`${settings.profile.title} takes no ${chosen}.`)
  return {
    alg: chosen,
    bits: size ?? 2048,
    kid: chosenKid,
    passphrase: settings.has(encrypted) ? await newPassphrase(settings) : undefined,
  }
}

/** A line break is kept by quotes; other controls are not printed as they are. */
function isStorable(kid: string): boolean {
  const printed = kid.replaceAll('\n', '')
  return harmless(printed) === printed && envLine('KID', kid) !== undefined
}

async function newPassphrase(settings: Settings): Promise<string | undefined> {
  const [first, second] = await passphrase(settings, ['New passphrase: ', 'The same again: '])
  if (first === second) return first
  throw refused('ERR_PASSPHRASE_MISMATCH', 'The two passphrases differ. Nothing was written.')
}

async function pathsOf(given = 'countersign'): Promise<Paths> {
  const isFolder = given.endsWith('/') || (await stat(given).catch(() => undefined))?.isDirectory()
  const prefix = isFolder ? join(given, 'countersign') : given.replace(/\.pem$/, '')
  return {
    privateKey: `${prefix}.pem`,
    publicKey: `${prefix}.pub.pem`,
    jwks: `${prefix}.jwks.json`,
  }
}

function nextSteps(
  { alg: chosen, passphrase: secret }: KeyPairOptions,
  { pair, paths, settings }: { pair: KeyPair; paths: Paths; settings: Settings },
): string[] {
  const [file, pub, jwks] = [paths.privateKey, paths.publicKey, paths.jwks].map(shownPath)
  const line = (name: string, value: string) => envLine(name, value) ?? `${name}=<${name}>`
  const variables = [
    'CLIENT_ID=<the client id that you get>',
    `TOKEN_ENDPOINT=${settings.profile?.tokenEndpoint ?? '<the token endpoint>'}`,
    line('PRIVATE_KEY_FILE', paths.privateKey),
    ...(secret === undefined ? [] : ['PRIVATE_KEY_PASSPHRASE=<the passphrase>']),
    ...(chosen === 'ES256' ? [] : [`ALG=${chosen}`]),
    line('KID', pair.kid),
  ]
  return [
    `Register the public key: upload ${pub}, or host ${jwks} and register its URL. To replace a key, add it to the set that is hosted: countersign jwks add --set <that set> ${shellWord(paths.jwks)}`,
    `Keep ${file} in a secret store. It is a credential: never commit it, never send it.`,
    `Set the environment, or .env; leave out KID where you uploaded ${pub}:\n${variables.map((one) => `     ${one}`).join('\n')}`,
    'Try it: countersign doctor',
  ]
}
