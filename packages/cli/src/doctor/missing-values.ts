import { commonOptions as options } from '../common-options.js'
import { hasPrivateKey, noPrivateKey } from '../private-key.js'
import { missing, type Settings } from '../settings.js'
import { type Check, check } from './check.js'

/** Each value without which there is nothing to look at: all of them at once. */
export function missingValues(settings: Settings): readonly Check[] {
  const values = [options.clientId, options.tokenEndpoint]
    .filter((option) => settings.text(option) === undefined)
    .map((option) => check('options', 'Options').bad(missing(option)))
  if (hasPrivateKey(settings)) return values
  return [...values, check('key', 'Private key').bad(noPrivateKey)]
}
