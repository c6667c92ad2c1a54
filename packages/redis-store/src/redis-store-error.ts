/** A Redis command that failed, or a record that cannot be read. Contains no text of the client. */
export class RedisStoreError extends Error {
  /**
   * The code of Redis, such as `READONLY`, `OOM` or `NOPERM`, or `ERR_STORE_OFFLINE`,
   * `ERR_STORE_RECORD`, or the code or class of the client's error, such as `ECONNREFUSED`.
   */
  readonly code: string

  /** @internal */
  constructor(code: string) {
    super(`The Redis store failed with ${code}.`)
    this.name = 'RedisStoreError'
    this.code = code
  }
}

/** The client's message and arguments may contain the token, so only a code is kept. */
export function createRedisStoreError(error: unknown): RedisStoreError {
  if (error instanceof RedisStoreError) return error
  const { message, code, name, constructor: kind } = Object(error) as Record<string, unknown>
  const word = /^-?([A-Z][A-Z0-9_]*)(?: |$)/.exec(String(message))?.[1]
  // node-redis sets no names, so its classes identify its errors.
  const words = [word, code, name === 'Error' ? (kind as { name?: unknown }).name : name]
  const known = words.find((other) => typeof other === 'string' && /^\w{1,64}$/.test(other))
  return new RedisStoreError((known as string | undefined) ?? 'Error')
}
