import type { Jwk } from '@countersign/core'
import { publicJwks } from '@countersign/core/keys'
import type { Call, CommandDefinition } from '../command.js'
import { misused } from '../command-failure.js'
import { commonOptions as options } from '../common-options.js'
import type { Outcome } from '../outcome.js'
import { keyFile, privateKey } from '../private-key.js'
import { ofFile, publishedKeys } from '../published-keys.js'
import type { Settings } from '../settings.js'

export const jwks: CommandDefinition = {
  description:
    'Prints the public JWK Set of one or more keys (PEM, JWK or JWK Set), with nothing private in it. Without a file it takes the key of the environment.',
  argument: { name: '[file...]', description: 'files of private or public keys; - is stdin' },
  options: [options.kid, options.alg, options.passphrase],
  examples: [
    ['countersign jwks countersign.pem > jwks.json', 'the set to host'],
    ['countersign jwks next.jwks.json current.jwks.json', 'both keys of a rotation, by their kids'],
  ],
  run,
}

async function run({ operands, settings }: Call): Promise<Outcome> {
  const set = { keys: await keysOf(operands, settings) }
  return {
    json: set,
    text: () => JSON.stringify(set, null, 2),
    note: 'Public: host it as application/jwk-set+json and register its URL, or upload it.',
  }
}

async function keysOf(files: readonly string[], settings: Settings): Promise<readonly Jwk[]> {
  const as = { kid: settings.text(options.kid), alg: settings.text(options.alg) }
  const [only, ...more] = files
  if (only === undefined) return publishedKeys(await privateKey(settings), as)
  if (more.length === 0) return ofFile(only, published(only, as, settings))
  for (const option of [options.kid, options.alg]) {
    if (settings.flag(option) !== undefined)
      throw misused(`--${option.name} is for one key: leave it out, or give one file.`)
  }
  const keys: Jwk[] = []
  for (const file of files) {
    const as = { kid: undefined, alg: undefined }
    keys.push(...(await ofFile(file, published(file, as, settings))))
  }
  return (await publicJwks(keys)).keys
}

async function published(
  file: string,
  as: Parameters<typeof publishedKeys>[1],
  settings: Settings,
): Promise<readonly Jwk[]> {
  return publishedKeys(await keyFile(file, 'key file', settings), as)
}
