/** Returns the text in printable ASCII only, so that it cannot forge a line of a log. */
export function toOneLine(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, ' ')
}

/** Returns a configured value, which is not secret, in one line of that length at most. */
export function showValue(value: string, most: number): string {
  const line = toOneLine(value).trim()
  return line.length > most ? `${line.slice(0, most - 3)}...` : line
}

/** Returns an audience without its query, which may contain a gateway's key. */
export function hideQuery(audience: string): string {
  return audience.replace(/\?.*/, '?...')
}

const longest = 4096
/** JWTs: base64url of a JSON object starts with "ey". */
const jwt = /(?<![\w-])ey[\w-]+(\.[\w-]*){1,4}/g

/**
 * Returns text of a server that is safe to show: one line, without anything that looks like a
 * token, and without the queries of URLs. A longer text is cut at a space.
 */
export function cleanServerText(text: unknown, most: number): string | undefined {
  if (typeof text !== 'string' || text === '') return undefined
  // Half a token at the cut would not look like one.
  const whole = text.length > longest ? text.slice(0, longest).replace(/\S+$/, '') : text
  const line = toOneLine(whole)
    .split(/(https?:\/\/[^\s"'<>]*)/i)
    .map((part, index) => (index % 2 === 0 ? redact(part, /[\w+/=~.%-]{40,}/g) : redactUrl(part)))
    .join('')
    .trim()
  return line === '' ? undefined : cutAtSpace(line, most)
}

export function cutAtSpace(line: string, most: number): string {
  if (line.length <= most) return line
  return `${line.slice(0, most - 3).replace(/ [^ ]*$/, '')}...`
}

/** A host name with dots and a path with slashes are not a token, however long they are. */
function redactUrl(url: string): string {
  const [, scheme = '', host = '', path = ''] =
    /^(\w+:\/\/)(?:[^/?#]*@)?([^/?#]*)([^?#]*)/.exec(url) ?? []
  return scheme + redact(host, /[\w+=~%-]{40,}/g) + redact(path, /[\w+=~.%-]{40,}/g)
}

function redact(text: string, runs: RegExp): string {
  const isMixed = (run: string) => /[a-z]/.test(run) && /[A-Z]/.test(run) && /\d/.test(run)
  return text
    .replace(jwt, (run) => (run.length < 24 ? run : '[redacted]'))
    .replace(runs, (run) => (isMixed(run) ? '[redacted]' : run))
}
