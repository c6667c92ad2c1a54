import type { Call, CommandDefinition } from '../command.js'
import { misused } from '../command-failure.js'
import { commonOptions as options } from '../common-options.js'
import { shownKid, withKey } from '../jwk-set.js'
import { changeJwkSet, readJwkSet } from '../jwk-set-file.js'
import type { OptionDefinition } from '../option-definition.js'
import { type Outcome, stepsText } from '../outcome.js'
import { keyFile } from '../private-key.js'
import { ofFile, publishedKeys } from '../published-keys.js'
import { stepsAfterAdding } from '../rotation.js'
import { shownPath } from '../text-file.js'

const set: OptionDefinition = {
  name: 'set',
  value: '<file>',
  description: 'file of the JWK Set that is published',
}
// KID and ALG of the environment are those of the key in use, not of the new one.
const newKid: OptionDefinition = {
  name: 'kid',
  value: '<kid>',
  description: 'name of the new key (default: its own, or its thumbprint)',
}
const newAlg: OptionDefinition = {
  name: 'alg',
  value: '<alg>',
  description: 'algorithm of the new key',
  choices: options.alg.choices,
}

export const jwksAdd: CommandDefinition = {
  description:
    'Adds the public part of a key to a JWK Set and says what comes next in a rotation. A key that is there already is left alone.',
  argument: {
    name: '<file>',
    description: "the new key: keygen's JWK Set, which has its kid, or PEM; - is stdin",
  },
  options: [set, newKid, newAlg, options.passphrase],
  examples: [
    [
      'countersign keygen --out next --kid 2025 && countersign jwks add --set jwks.json next.jwks.json',
      'publish it before it signs',
    ],
    ['countersign jwks add --set jwks.json --kid 2025 next.pem', 'PEM has no kid of its own'],
  ],
  run,
}

async function run({ operands: [file = '-'], settings }: Call): Promise<Outcome> {
  const path = settings.required(set)
  const before = await readJwkSet(path, '--set')
  const read = await keyFile(file, 'key file', settings)
  const as = { kid: settings.flag(newKid), alg: settings.flag(newAlg) }
  const [added, ...more] = await ofFile(file, publishedKeys(read, as))
  if (added === undefined || more.length > 0) throw misused(`${shownPath(file)} must hold one key.`)
  const isNew = (await withKey(before, added)) !== undefined
  const after = isNew ? await changeJwkSet(path, (now) => withKey(now, added)) : undefined
  const others = (after ?? before).keys.filter(({ kid }) => kid !== added.kid)
  const next = stepsAfterAdding(added, { path: shownPath(path), others })
  const { keys } = after ?? before
  return {
    json: { added: after !== undefined, kid: added.kid, kids: keys.map(({ kid }) => kid), next },
    text: (paint) =>
      stepsText(
        paint,
        [`${shownKid(added)} is ${after === undefined ? 'there already' : 'added'}`],
        next,
      ),
  }
}
