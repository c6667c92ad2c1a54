/** Printable ASCII only: no line of a log can be forged with it. */
export function oneLine(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, ' ')
}

/** Text of a server, made safe to show: one line, cut, and without anything that looks like a token. */
export function serverText(text: unknown, most: number): string | undefined {
  if (typeof text !== 'string' || text === '') return undefined
  const line = oneLine(text.slice(0, 4096))
    .replace(/[\w-]+\.[\w-]+\.[\w-]*|[\w+/=~-]{40,}/g, (run) =>
      run.length < 24 ? run : '[redacted]',
    )
    .trim()
  if (line === '') return undefined
  return line.length > most ? `${line.slice(0, most - 3)}...` : line
}
