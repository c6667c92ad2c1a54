import { styleText } from 'node:util'
import { Help } from 'commander'
import type { Outcome, Output } from './command.js'
import type { CommandFailure } from './command-failure.js'

/** Creates the only place that writes: results to stdout, everything else to stderr. */
export function createOutput({ isJson }: { isJson: boolean }): Output {
  const { stdout, stderr } = process
  let indent: number | undefined = 2
  return { print, fail, log, announce }

  function print({ json, text, note }: Outcome): void {
    write(json, text)
    if (!isJson && note !== undefined) announce(note)
  }

  function fail({ code, message, hints }: CommandFailure): void {
    const error = { code, message, ...(hints.length > 0 && { hints }) }
    const lines = [`error: ${message}`, ...hints.map((hint) => `- ${hint}`)]
    if (isJson) write({ error }, lines)
    else stderr.write(format(lines, stderr))
  }

  function log(json: object, lines: readonly string[]): void {
    indent = undefined
    write(json, lines)
  }

  function announce(work: string): void {
    if (!stderr.isTTY) return
    stderr.write(styleText('dim', format([work], stderr), { stream: stderr }))
  }

  function write(json: unknown, text: Outcome['text']): void {
    stdout.write(format(isJson ? JSON.stringify(json, null, indent) : text, stdout))
  }
}

function format(text: Outcome['text'], stream: NodeJS.WriteStream): string {
  const lines =
    typeof text === 'string'
      ? text.split('\n').map(escapeControls)
      : text.map((line) => formatLine(line, stream))
  return `${lines.join('\n')}\n`
}

function formatLine(line: string, stream: NodeJS.WriteStream): string {
  const shown = nameRunner(escapeControls(line))
  return colorMark(wrapLine(shown, readWidth(stream)), stream)
}

/** Through npx, `countersign` alone is not found in a shell. */
export function nameRunner(text: string): string {
  if (process.env.npm_command !== 'exec') return text
  return text.replace(
    /(?<!npx )\bcountersign (?=(?:keygen|serve|doctor|token|assert|inspect|jwks)\b)/g,
    'npx $&',
  )
}

/** Escapes what could control a terminal, line breaks included, as JSON escapes it. */
export function escapeControls(text: string): string {
  const escapeUnit = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  // Escapes each UTF-16 unit, so that the escape is valid in JSON too.
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (found) =>
    found.split('').map(escapeUnit).join(''),
  )
}

/** Columns to wrap at, if they are known. */
export function readWidth(stream: NodeJS.WriteStream): number | undefined {
  return Number(process.env.COLUMNS) || stream.columns || undefined
}

const help = Object.assign(new Help(), { minWidthToWrap: 20 })

/**
 * Wraps a line below its text: after a number, a mark or a label. A command continues after a
 * backslash, other lines with an indent of 4 are examples and stay whole.
 */
export function wrapLine(line: string, width: number | undefined): string {
  if (width === undefined || line.length <= width) return line
  const isCommand = /^ +(?:npx )?countersign /.test(line)
  if (line.startsWith('    ') && !isCommand) return line
  const [lead = ''] = /^ *(?:\d+\. |[-+!x#] |[\w ,-]{1,16} {2,})?/.exec(line) ?? []
  const wrapped = help.boxWrap(line.slice(lead.length), width - lead.length - (isCommand ? 4 : 0))
  const lineBreak = isCommand ? ` \\\n${lead}  ` : `\n${' '.repeat(lead.length)}`
  return lead + wrapped.replaceAll('\n', lineBreak)
}

const colors = [
  ['green', /(?<=^ *(?:[\d:]{8} )?)(?:\+|ok|[23]\d\d)(?= )/],
  ['yellow', /(?<=^ *)(?:!|warning)(?= )/],
  ['red', /(?<=^ *(?:[\d:]{8} )?)(?:x|error:?|[45]\d\d)(?= )/],
] as const

/** Colors the first word of a line, after the time, if it is a mark, a level or a status. */
function colorMark(line: string, stream: NodeJS.WriteStream): string {
  return colors.reduce(
    (colored, [color, mark]) => colored.replace(mark, (word) => styleText(color, word, { stream })),
    line,
  )
}

/** Lists what was done, then what to do next. */
export function listSteps(done: readonly string[], next: readonly string[]): readonly string[] {
  const steps = next.flatMap((step, index) => `${index + 1}. ${step}`.split('\n'))
  return [...done, '', 'Next', ...steps]
}

/** Quotes a word for a POSIX shell, unless the shell leaves it alone. */
export function quoteWord(text: string): string {
  return /^[\w./:@%+=,][\w./:@%+=,-]*$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
