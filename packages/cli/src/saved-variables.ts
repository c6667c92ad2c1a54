import { readFile } from 'node:fs/promises'
import { parseEnv } from 'node:util'
import { requireAbsent, writeNewFiles } from './new-files.js'
import { replaceFile } from './text-file.js'

/** What a program needs to know of the servers of `serve`. */
export interface ServerVariables {
  readonly CLIENT_ID: string
  readonly TOKEN_ENDPOINT: string
  readonly API_ORIGIN: string
}

const firstLine = '# By countersign serve --save, which sets these anew at each start:'

export function variableLines(variables: ServerVariables): readonly string[] {
  return Object.entries(variables).map(
    ([name, value]) => envLine(name, value) ?? `${name}=${value}`,
  )
}

/** Before servers are started for what could not be kept. */
export async function requireSavable(path: string): Promise<void> {
  if ((await savedBefore(path)) === undefined) await requireAbsent([path])
}

/** A new file, or the one of the run before, whose other lines stay as they are. */
export async function saveVariables(path: string, variables: ServerVariables): Promise<void> {
  const lines = [firstLine, ...variableLines(variables)].join('\n')
  const before = await savedBefore(path)
  if (before === undefined) await writeNewFiles([{ path, text: `${lines}\n`, mode: 0o644 }])
  else await replaceFile(path, `${lines}\n${before.others}`)
}

/** Its lines after those of `serve`, as long as those still are of servers on this machine. */
async function savedBefore(path: string): Promise<{ readonly others: string } | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const local = String.raw`http://127\.0\.0\.1:\d+`
  const own = new RegExp(
    String.raw`^${firstLine}\nCLIENT_ID=.*\nTOKEN_ENDPOINT=${local}/token\nAPI_ORIGIN=${local}\n`,
  )
  return own.test(text) ? { others: text.replace(own, '') } : undefined
}

/** A line of `.env` that Node reads back as this very value; undefined where no quotes can do it. */
export function envLine(name: string, value: string): string | undefined {
  if (/^[\w./:@%+,=-]*$/.test(value)) return `${name}=${value}`
  return ["'", '"', '`']
    .map((quote) => `${name}=${quote}${value}${quote}`)
    .find((line) => {
      const read = parseEnv(`${line}\nEND=1\n`)
      return read[name] === value && read.END === '1'
    })
}
