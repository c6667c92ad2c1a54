import { isObject, readOwnMember } from './snapshot.js'

/** The `cause` of a Countersign error: a new error with only these members of the original. */
export interface ErrorCause extends Error {
  readonly code?: string
  readonly syscall?: string
}

const omitted = 'The original message is omitted: it may contain secrets.'

/**
 * Returns a new error to keep as `cause` in place of one from outside, for loggers to show. Only
 * `name`, `code` and `syscall` are copied, where they are short words: a platform's message,
 * stack and other members quote headers, bodies and URLs.
 */
export function createCause(thrown: unknown): ErrorCause | undefined {
  if (!isObject(thrown)) return undefined
  try {
    const name = readWord(Reflect.get(thrown, 'name')) ?? 'Error'
    const code = readWord(readOwnMember(thrown, 'code'))
    const syscall = readWord(readOwnMember(thrown, 'syscall'))
    const failure = [syscall, code].filter((part) => part !== undefined).join(' ')
    const cause: ErrorCause = new Error(failure === '' ? omitted : `${failure}. ${omitted}`)
    for (const [member, value] of Object.entries({ name, code, syscall })) {
      if (value === undefined) continue
      const own = { value, configurable: true, writable: true, enumerable: member !== 'name' }
      Object.defineProperty(cause, member, own)
    }
    // A stack begins with the name at the time of its capture.
    Error.captureStackTrace?.(cause, createCause)
    return cause
  } catch {
    return undefined
  }
}

/** A word that is long and of mixed case may be a key or a token. */
function readWord(value: unknown): string | undefined {
  const isWord = typeof value === 'string' && /^(?:[A-Z\d_]{1,64}|[\w.-]{1,40})$/.test(value)
  return isWord ? value : undefined
}
