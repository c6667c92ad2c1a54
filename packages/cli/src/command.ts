import type { OptionDefinition } from './option-definition.js'
import type { Outcome } from './outcome.js'
import type { Progress, Say } from './output.js'
import type { Settings } from './settings.js'

/** One command, in one file of `commands/`. The frame does the rest. */
export interface CommandDefinition {
  readonly description: string
  /** Such as `[file...]`. */
  readonly argument?: { readonly name: string; readonly description: string }
  /** What `--json` prints, where it is not one document. */
  readonly json?: string
  readonly options: readonly OptionDefinition[]
  /** A command line, and what it does. */
  readonly examples: readonly (readonly [line: string, what: string])[]
  readonly run: (call: Call) => Promise<Outcome>
}

/** One run of a command. */
export interface Call {
  readonly operands: readonly string[]
  readonly settings: Settings
  readonly progress: Progress
  readonly say: Say
}
