/** A Redis command that failed, or a record that cannot be read. Contains no text of the client. */
export class RedisStoreError extends Error {
  /**
   * The code of Redis, such as `READONLY`, `OOM` or `NOPERM`, or `ERR_STORE_OFFLINE`,
   * `ERR_STORE_RECORD`, or the class of the client's error.
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
  const { message, name } = Object(error) as { message?: unknown; name?: unknown }
  const word = /^-?([A-Z][A-Z0-9_]*)(?: |$)/.exec(String(message))?.[1]
  return new RedisStoreError(
    word ?? /^\w{1,64}$/.exec(typeof name === 'string' ? name : 'Error')?.[0] ?? 'Error',
  )
}
