import { isCountersignError, type Jwk } from '@countersign/core'
import { publicJwks } from '@countersign/core/keys'
import { omitUndefined } from '../client.js'
import type { Call, Command, Outcome } from '../command.js'
import { CommandFailure, createFailure, createUsageFailure } from '../command-failure.js'
import { formatVariables } from '../env-file.js'
import { addKey, changeJwkSet, describeKid, removeKey } from '../jwk-set.js'
import { Option, options } from '../options.js'
import { listSteps, quoteWord } from '../output.js'
import { type PrivateKeyText, readKeyFile, readPrivateKey } from '../private-key.js'
import type { Settings } from '../settings.js'

const set = new Option('--set <file>', 'file of the published JWK Set')
// Not KID of the environment, which is the key in use.
const oldKid = new Option('--kid <kid>', 'key ID of the key to remove')

export const command: Command = {
  description:
    'Prints the public JWK Set of one or more keys (PEM, JWK or JWK Set). Without a file, it uses the configured private key.',
  argument: { name: '[file...]', description: 'private or public keys; - is stdin' },
  options: [options.kid, options.alg, options.passphrase],
  examples: [
    ['the set to host', 'countersign jwks countersign.pem > jwks.json'],
    ['both keys of a rotation', 'countersign jwks next.jwks.json current.jwks.json'],
  ],
  commands: {
    add: {
      description:
        'Adds the public part of a key to a JWK Set and prints the next steps of the rotation.',
      argument: {
        name: '<file>',
        description: 'new key: the JWK Set of keygen, which has the kid, or PEM; - is stdin',
      },
      options: [set, options.newKid, options.newAlg, options.passphrase],
      examples: [
        ['create the next key', 'countersign keygen --out next --kid 2025'],
        ['publish it before it signs', 'countersign jwks add --set jwks.json next.jwks.json'],
        ['PEM has no kid', 'countersign jwks add --set jwks.json --kid 2025 next.pem'],
      ],
      run: runAdd,
    },
    retire: {
      description:
        'Removes a key from a JWK Set and prints the next steps. The last key of a set stays.',
      options: [set, oldKid],
      examples: [
        ['once no program signs with it', 'countersign jwks retire --set jwks.json --kid 2024'],
      ],
      run: runRetire,
    },
  },
  run,
}

async function run({ operands, settings }: Call): Promise<Outcome> {
  const keys = await readPublicKeys(operands, settings)
  return {
    json: { keys },
    text: JSON.stringify({ keys }, null, 2),
    note: 'Public. Host it as application/jwk-set+json and register its URL, or upload it.',
  }
}

async function readPublicKeys(
  files: readonly string[],
  settings: Settings,
): Promise<readonly Jwk[]> {
  const members = { kid: settings.readText(options.kid), alg: settings.readText(options.alg) }
  if (files.length === 0) return exportPublicKeys(await readPrivateKey(settings), members)
  const flag = [options.kid, options.alg].find((option) => settings.readFlag(option) !== undefined)
  if (files.length > 1 && flag !== undefined)
    throw createUsageFailure(`${flag.long} applies to one key. Omit it, or pass one file.`)
  const keys: Jwk[] = []
  for (const file of files)
    keys.push(...(await readPublicKeyFile(file, settings, files.length > 1 ? {} : members)))
  return (await publicJwks(keys)).keys
}

type Members = Readonly<Partial<Record<'kid' | 'alg', string | undefined>>>

async function readPublicKeyFile(
  file: string,
  settings: Settings,
  members: Members,
): Promise<readonly Jwk[]> {
  const key = await readKeyFile(file, '<file>', settings)
  try {
    return await exportPublicKeys(key, members)
  } catch (error) {
    if (!isCountersignError(error)) throw error
    const { code, message, exitCode } = await createFailure(error)
    throw new CommandFailure(code, `${file}: ${message}`, { exitCode })
  }
}

/** Returns the public part of a key, or of each key of a JWK Set. */
async function exportPublicKeys(
  { key, passphrase }: PrivateKeyText,
  members: Members,
): Promise<readonly Jwk[]> {
  // The passphrase of the environment is that of a PEM.
  const isJson = key.trimStart().startsWith('{')
  const given = omitUndefined({ ...members, passphrase: isJson ? undefined : passphrase })
  // Only a bare text may hold several keys.
  const { keys } = await publicJwks([Object.keys(given).length === 0 ? key : { key, ...given }])
  return keys
}

async function runAdd({ operands: [file = '-'], settings }: Call): Promise<Outcome> {
  const path = settings.requireText(set)
  const members = { kid: settings.readFlag(options.newKid), alg: settings.readFlag(options.newAlg) }
  const [added, ...more] = await readPublicKeyFile(file, settings, members)
  if (added === undefined || more.length > 0)
    throw createUsageFailure(`${file} must contain one key.`)
  const { set: after, isChanged } = await changeJwkSet(path, (now) => addKey(now, added))
  const kids = after.keys.map(({ kid }) => kid)
  const others = after.keys.filter(({ kid }) => kid !== added.kid)
  const next = planRotation(added, { path: path, others })
  const done = `+ ${describeKid(added)} ${isChanged ? 'was added' : 'is already in the set'}`
  return { json: { added: isChanged, kid: added.kid, kids, next }, text: listSteps([done], next) }
}

/** Lists the steps after a key was added, as docs/guides/rotation.md has them. */
function planRotation(
  added: Jwk,
  { path, others }: { path: string; others: readonly Jwk[] },
): readonly string[] {
  const [newLine] = formatVariables({ KID: String(added.kid) })
  const publish = `Publish ${path} with all its keys: host it at the registered URL, or upload it.`
  const wait =
    "Wait until the server's cache of the set expires, a day if its lifetime is unknown. Until then the server does not know the new key."
  const use = `the new private key with ${newLine}. Check that it gets a token.`
  if (others.length === 0) return [publish, wait, `Configure the program with ${use}`]
  const oldKid = String((others.length === 1 && others[0]?.kid) || '<old kid>')
  const [oldLine] = formatVariables({ KID: oldKid })
  return [
    `First, check that the program sends the kid of the key in use, ${oldLine}. A server with two keys may try the wrong one for an assertion without kid.`,
    publish,
    wait,
    `Switch the program to ${use}`,
    'Wait until the last token of the old key expires. By then every process has used the new key, and the old assertions (5 minutes) have expired.',
    `Remove the old key:\n     countersign jwks retire --set ${quoteWord(path)} --kid ${quoteWord(oldKid)}`,
  ]
}

async function runRetire({ settings }: Call): Promise<Outcome> {
  const [path, kid] = [settings.requireText(set), settings.requireText(oldKid)]
  const { set: after } = await changeJwkSet(path, (now) => removeKey(now, kid))
  const next = [
    `Publish ${path} again. After that, no assertion of '${kid}' is accepted.`,
    `Destroy the private key of '${kid}' in every secret store.`,
  ]
  return {
    json: { retired: kid, kids: after.keys.map((key) => key.kid), next },
    text: listSteps([`+ '${kid}' was removed`], next),
  }
}
