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

const firstLine = '# Written by countersign serve --save, which replaces these lines:'
const lastLine = '# The end of the lines of countersign serve --save.'
const block = new RegExp(`^${firstLine}\n[^]*?^${lastLine}$`, 'm')
/** The first line with a value must look like one of `.env`, or the file is another one. */
const isEnvFile = /^(?:\s*(?:#.*)?\n)*(?:\s*$|\s*(?:export\s+)?\w+\s*=)/

/** Creates the file, or replaces the lines that a previous run wrote. Other lines stay. */
export async function saveVariables(
  path: string,
  variables: Readonly<Record<string, string>>,
): Promise<void> {
  const text = [firstLine, ...formatVariables(variables), lastLine].join('\n')
  const previous = await readFile(path, 'utf8').catch(() => '')
  if (previous === '' || !isEnvFile.test(previous))
    await writeNewFiles([{ path, text: `${text}\n`, mode: 0o644 }])
  else if (block.test(previous))
    await replaceFile(
      path,
      previous.replace(block, () => text),
    )
  else await replaceFile(path, `${previous.replace(/(?<!\n)$/, '\n')}\n${text}\n`)
}
