import { readFile } from 'node:fs/promises'
import { parseEnv } from 'node:util'
import { replaceFile, writeNewFiles } from './files.js'

/** Returns a line of `.env` that Node.js reads back as this value, or undefined if none exists. */
export function formatVariable(name: string, value: string): string | undefined {
  if (/^[\w./:@%+,=-]*$/.test(value)) return `${name}=${value}`
  return ["'", '"', '`']
    .map((quote) => `${name}=${quote}${value}${quote}`)
    .find((line) => {
      const read = parseEnv(`${line}\nEND=1\n`)
      return read[name] === value && read.END === '1'
    })
}

export function formatVariables(variables: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(variables).map(
    ([name, value]) => formatVariable(name, value) ?? `${name}=${value}`,
  )
}

const firstLine = '# Written by countersign serve --save, which updates these variables:'
const local = String.raw`http://127\.0\.0\.1:\d+`
/** The lines of a previous run, as long as they are of servers on this machine. */
const previousLines = new RegExp(
  String.raw`^${firstLine}\nCLIENT_ID=.*\nTOKEN_ENDPOINT=${local}/token\nAPI_ORIGIN=${local}\n`,
)

/** Creates the file, or updates the variables that a previous run wrote. */
export async function saveVariables(
  path: string,
  variables: Readonly<Record<string, string>>,
): Promise<void> {
  const text = `${[firstLine, ...formatVariables(variables)].join('\n')}\n`
  const previous = await readFile(path, 'utf8').catch(() => '')
  if (previousLines.test(previous))
    await replaceFile(
      path,
      previous.replace(previousLines, () => text),
    )
  else await writeNewFiles([{ path, text, mode: 0o644 }])
}
