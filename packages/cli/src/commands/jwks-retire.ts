import type { Call, CommandDefinition } from '../command.js'
import { shownKid, withoutKey } from '../jwk-set.js'
import { changeJwkSet, readJwkSet } from '../jwk-set-file.js'
import type { OptionDefinition } from '../option-definition.js'
import { type Outcome, stepsText } from '../outcome.js'
import { stepsAfterRetiring } from '../rotation.js'
import { shownPath } from '../text-file.js'

const set: OptionDefinition = {
  name: 'set',
  value: '<file>',
  description: 'file of the JWK Set that is published',
}
// Not KID of the environment: that is the key in use.
const oldKid: OptionDefinition = {
  name: 'kid',
  value: '<kid>',
  description: 'name of the key to take out',
}

export const jwksRetire: CommandDefinition = {
  description:
    'Takes a key out of a JWK Set and says what comes next. The last key of a set is not taken out.',
  options: [set, oldKid],
  examples: [
    ['countersign jwks retire --set jwks.json --kid 2024', 'once nothing is signed by it any more'],
  ],
  run,
}

async function run({ settings }: Call): Promise<Outcome> {
  const [path, kid] = [settings.required(set), settings.required(oldKid)]
  // Nothing is locked for a kid that is not there.
  withoutKey(await readJwkSet(path, '--set'), kid)
  const after = await changeJwkSet(path, (now) => withoutKey(now, kid))
  const shown = shownKid({ kid })
  const next = stepsAfterRetiring(shown, shownPath(path))
  return {
    json: { retired: kid, kids: after?.keys.map((key) => key.kid), next },
    text: (paint) => stepsText(paint, [`${shown} is taken out`], next),
  }
}
