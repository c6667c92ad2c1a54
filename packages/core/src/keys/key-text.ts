/**
 * The text of a key without what environment variables, secret stores and editors put around it:
 * byte order mark, UTF-16, blanks, quotes, escaped line breaks and quotes, base64 of the whole.
 */
export function undressed(text: string): string {
  const bare = bared(text)
  return /^[{-]/.test(bare) ? bare : (decoded(bare) ?? bare)
}

/** Of JSON that is whole as it is, the escapes are its own, except those of a PEM in it. */
function bared(text: string): string {
  const bare = withoutQuotes(text)
  return isJson(bare) && !bare.includes('-----BEGIN') ? bare : withoutQuotes(withoutEscapes(bare))
}

function isJson(text: string): boolean {
  if (!text.startsWith('{')) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** As many layers as tools put on top of each other. */
const mostLayers = 4

/**
 * Of UTF-16 that was read as UTF-8, as some shells write it, half of the characters are NUL. Out of
 * base64 a byte order mark comes as its bytes.
 */
const encodingMarks = /^(?:[\uFEFF\uFFFD]+|\xEF\xBB\xBF|\xFF\xFE)|\0/g

function withoutQuotes(text: string): string {
  let bare = text.replace(encodingMarks, '').trim()
  for (let layer = 0; layer < mostLayers; layer++) {
    const [first = ''] = bare
    if (bare.length < 2 || !'"\'`'.includes(first) || !bare.endsWith(first)) return bare
    bare = bare.slice(1, -1).trim()
  }
  return bare
}

/** No PEM has a backslash of its own; they come from JSON, YAML and shells, once or twice over. */
function withoutEscapes(text: string): string {
  return text
    .replace(/\\+([rn]?)/g, (_, letter) => (letter === '' ? '' : '\n'))
    .replace(
      runTogether,
      (_, ...words) => `-----${words.slice(0, 4).filter(Boolean).join(' ')}-----`,
    )
}

/** A label that has lost its blanks. */
const runTogether = /-----(BEGIN|END)([A-Z]*?)(PRIVATE|PUBLIC)?(KEY|CERTIFICATE)-----/g

/** Of base64 or base64url that holds a PEM or JSON text. */
function decoded(text: string): string | undefined {
  const base64 = text.replace(/\s/g, '').replaceAll('-', '+').replaceAll('_', '/')
  if (!/^[A-Za-z0-9+/]{24,}={0,2}$/.test(base64)) return undefined
  try {
    const inner = bared(atob(base64))
    return /^\{|-----BEGIN/.test(inner) ? inner : undefined
  } catch {
    return undefined
  }
}
