import { parseEnv } from 'node:util'

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
