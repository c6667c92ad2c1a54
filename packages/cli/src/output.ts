import { randomUUID } from 'node:crypto'
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
      process.stderr.write(`${terminalText(process.stderr, (paint) => paint('dim', note))}\n`)
  }

  function print(json: unknown, text: (paint: Paint) => string): void {
    process.stdout.write(isJson ? document(json) : `${terminalText(process.stdout, text)}\n`)
  }

  function failure({ code, message }: CommandFailure): void {
    if (isJson) process.stdout.write(document({ error: { code, message } }))
    else {
      const said = (paint: Paint) => `${paint('red', 'error')}: ${harmless(message)}`
      process.stderr.write(`${terminalText(process.stderr, said)}\n`)
    }
  }
}

/** Escapes what could control a terminal, line breaks included, as JSON escapes it. */
export function harmless(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, escaped)
}

function harmlessLines(text: string): string {
  return text.split('\n').map(harmless).join('\n')
}

/** Each UTF-16 unit by itself, so that the escape is valid in JSON too. */
function escaped(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}

/**
 * Escapes everything but the colors of this program. They are random marks until the text is safe,
 * so that no text from elsewhere can contain one.
 */
function terminalText(stream: NodeJS.WriteStream, text: (paint: Paint) => string): string {
  const mark = randomUUID()
  const marked = text((format, inner) => `${mark}<${format}>${inner}${mark}</>`)
  return harmlessLines(marked).replace(
    new RegExp(`${mark}<(\\w+)>(.*?)${mark}</>`, 'gs'),
    (_, format, inner: string) => styleText(format, inner, { stream }),
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
  return `${harmlessLines(JSON.stringify(json, null, 2))}\n`
}

function line(json: unknown): string {
  return `${harmless(JSON.stringify(json))}\n`
}
