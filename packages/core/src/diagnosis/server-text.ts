/** Printable ASCII only: no line of a log can be forged with it. */
export function oneLine(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, ' ')
}

const longest = 4096
const url = /(https?:\/\/)([^\s/?#"'<>]*)([^\s?#"'<>]*)([?#][^\s"'<>]*)?/gi
/** JWTs: base64url of a JSON object starts with "ey". */
const jwt = /(?<![\w-])ey[\w-]+(\.[\w-]*){1,4}/g

/**
 * Returns text of a server that is safe to show: one line, without anything that looks like a
 * token, and without the queries of URLs. A longer text is cut at a space.
 */
export function serverText(text: unknown, most: number): string | undefined {
  if (typeof text !== 'string' || text === '') return undefined
  // Half a token at the cut would not look like one.
  const whole = text.length > longest ? text.slice(0, longest).replace(/\S+$/, '') : text
  const line = withoutTokens(oneLine(whole)).trim()
  return line === '' ? undefined : cut(line, most)
}

function withoutTokens(line: string): string {
  const parts: string[] = []
  let end = 0
  for (const found of line.matchAll(url)) {
    const [all, scheme = '', authority = '', path = ''] = found
    parts.push(redact(line.slice(end, found.index), /[\w+/=~.%-]{40,}/g))
    const host = authority.slice(authority.lastIndexOf('@') + 1)
    parts.push(scheme, redact(host, /[\w+=~%-]{40,}/g), redact(path, /[\w+=~.%-]{40,}/g))
    end = found.index + all.length
  }
  return parts.join('') + redact(line.slice(end), /[\w+/=~.%-]{40,}/g)
}

function redact(text: string, runs: RegExp): string {
  const isMixed = (run: string) => /[a-z]/.test(run) && /[A-Z]/.test(run) && /\d/.test(run)
  return text
    .replace(jwt, (run) => (run.length < 24 ? run : '[redacted]'))
    .replace(runs, (run) => (isMixed(run) ? '[redacted]' : run))
}

function cut(line: string, most: number): string {
  if (line.length <= most) return line
  const start = line.slice(0, most - 3)
  const space = start.lastIndexOf(' ')
  return `${space > 0 ? start.slice(0, space) : start}...`
}
