import type { OptionDefinition } from './option-definition.js'
import type { Settings } from './settings.js'
import { refuseSecretText } from './text-file.js'

/** A word of a POSIX shell's command line. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** The flags that were given, of these options, as they are typed again; each after a blank. */
export function givenFlags(options: readonly OptionDefinition[], settings: Settings): string {
  const words = options.flatMap((option) => {
    const flag = `--${option.name}`
    if (option.isRepeatable)
      return settings.list(option).flatMap((value) => [flag, repeatable(value, flag)])
    if (option.value === undefined) return settings.has(option) ? [flag] : []
    const value = settings.flag(option)
    return value === undefined ? [] : [flag, repeatable(value, flag)]
  })
  return words.map((word) => ` ${word}`).join('')
}

function repeatable(value: string, flag: string): string {
  refuseSecretText(value, `${flag} was given`)
  return shellWord(value)
}

/** The word as it is where a shell leaves it alone, quoted otherwise. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=,][\w./:@%+=,-]*$/.test(text) ? text : shellQuoted(text)
}
