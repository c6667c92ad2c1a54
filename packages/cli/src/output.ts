import { styleText } from 'node:util'
import type { CommandFailure } from './command-failure.js'
import type { Outcome, Paint } from './outcome.js'

/** Shows that something is under way, on a terminal. */
export type Progress = <T>(what: string, work: Promise<T>) => Promise<T>

/** Prints a line while a command goes on: with `--json` one line of JSON. */
export type Say = (json: unknown, text: (paint: Paint) => string) => void

/** The one place that writes: results to stdout, whatever is said beside them to stderr. */
export interface Output {
  result(outcome: Outcome): void
  failure(failure: CommandFailure): void
  readonly progress: Progress
  readonly say: Say
}

export function createOutput({ isJson }: { isJson: boolean }): Output {
  // After a line of JSON everything is: one document a line.
  let document = indented
  return { result, failure, progress, say }

  function say(json: unknown, text: (paint: Paint) => string): void {
    document = line
    print(json, text)
  }

  function result({ json, text, note }: Outcome): void {
    print(json, text)
    if (!isJson && note !== undefined && process.stderr.isTTY)
      process.stderr.write(`${paint(process.stderr)('dim', note)}\n`)
  }

  function print(json: unknown, text: (paint: Paint) => string): void {
    process.stdout.write(isJson ? document(json) : `${text(paint(process.stdout))}\n`)
  }

  function failure({ code, message }: CommandFailure): void {
    if (isJson) process.stdout.write(document({ error: { code, message } }))
    else process.stderr.write(`${paint(process.stderr)('red', 'error')}: ${message}\n`)
  }
}

/** A text of somebody else's, without what could steer a terminal. */
export function harmless(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u${character.codePointAt(0)?.toString(16).padStart(4, '0')}`,
  )
}

/** A spinner on stderr; nothing in a pipe. */
async function progress<T>(what: string, work: Promise<T>): Promise<T> {
  if (!process.stderr.isTTY) return work
  const { default: yoctoSpinner } = await import('yocto-spinner')
  const spinner = yoctoSpinner({ text: what, stream: process.stderr }).start()
  try {
    return await work
  } finally {
    spinner.stop()
  }
}

function indented(json: unknown): string {
  return `${JSON.stringify(json, null, 2)}\n`
}

function line(json: unknown): string {
  return `${JSON.stringify(json)}\n`
}

function paint(stream: NodeJS.WriteStream): Paint {
  return (format, text) => styleText(format, text, { stream })
}
