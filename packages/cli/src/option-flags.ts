import type { CountersignError } from '@countersign/core'
import { commonOptions as options } from './common-options.js'
import type { OptionDefinition } from './option-definition.js'

/** The flags of the options of `createTokenProvider`, by the last part of the option's name. */
const flags: ReadonlyMap<string | undefined, OptionDefinition> = new Map<string, OptionDefinition>([
  ...Object.entries(options),
  ['lifetimeSeconds', options.lifetime],
  ['claims', options.claim],
])

/** The flag of each option that the error is about, a sentence each. */
export function optionNotes(
  error: CountersignError & { option?: string; options?: readonly string[] },
): readonly string[] {
  const { option, options = [] } = error
  return [...(option === undefined ? [] : [option]), ...options].flatMap((name) => {
    const flag = flags.get(name.split('.').at(-1))
    if (flag === undefined) return []
    const variable = flag.env === undefined ? '' : ` (${flag.env})`
    return [`Option '${name}' is --${flag.name}${variable}.`]
  })
}
