import { styleText } from 'node:util'
import type { CommandFailure } from './command-failure.js'
import type { Outcome, Paint } from './outcome.js'

/** Shows that something is under way, on a terminal. */
export type Progress = <T>(what: string, work: Promise<T>) => Promise<T>

/** The one place that writes: results to stdout, whatever is said beside them to stderr. */
export interface Output {
  result(outcome: Outcome): void
  failure(failure: CommandFailure): void
  readonly progress: Progress
}

export function createOutput({ isJson }: { isJson: boolean }): Output {
  return { result, failure, progress }

  function result({ json, text, note }: Outcome): void {
    process.stdout.write(isJson ? document(json) : `${text(paint(process.stdout))}\n`)
    if (!isJson && note !== undefined && process.stderr.isTTY)
      process.stderr.write(`${paint(process.stderr)('dim', note)}\n`)
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

function document(json: unknown): string {
  return `${JSON.stringify(json, null, 2)}\n`
}

function paint(stream: NodeJS.WriteStream): Paint {
  return (format, text) => styleText(format, text, { stream })
}
