/** An option of a command; a flag without `value` is there or not. */
export interface OptionDefinition {
  /** Without the dashes. */
  readonly name: string
  /** Such as `<file>`. */
  readonly value?: string
  readonly description: string
  /** The environment variable that stands in for the flag. */
  readonly env?: string
  readonly choices?: readonly string[]
  /** May be given more than once. */
  readonly isRepeatable?: boolean
}
