import type { CommandFailure } from './command-failure.js'
import type { Option } from './options.js'
import type { Settings } from './settings.js'

/** One command. `main.ts` parses its options, runs it and prints its outcome. */
export interface Command {
  readonly description: string
  readonly argument?: { readonly name: string; readonly description: string }
  /** Describes `--json` if the command prints more than one document. */
  readonly json?: string
  readonly options: readonly Option[]
  /** Command lines and their purpose. */
  readonly examples: readonly (readonly [purpose: string, line: string])[]
  readonly commands?: Readonly<Record<string, Command>>
  readonly run: (call: Call) => Promise<Outcome>
}

/** One run of a command. */
export interface Call {
  readonly operands: readonly string[]
  readonly settings: Settings
  readonly output: Output
}

/** The result that a command prints at its end. A failure is thrown instead. */
export interface Outcome {
  /** Printed with `--json`. */
  readonly json: unknown
  /** Lines are for people and wrapped. A string is for programs and printed as it is. */
  readonly text: string | readonly string[]
  /** Printed next to the result, on a terminal only. */
  readonly note?: string
  /** Whether the exit code is 1. */
  readonly isBad?: boolean
}

/** The only place that writes: results to stdout, everything else to stderr. */
export interface Output {
  print(outcome: Outcome): void
  fail(failure: CommandFailure): void
  /** Prints while a command runs. With `--json`, every document is a line from then on. */
  log(json: object, lines: readonly string[]): void
  /** Names the work in progress on a terminal. */
  announce(work: string): void
}
