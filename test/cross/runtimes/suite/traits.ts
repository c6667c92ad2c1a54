/** What is said of a runtime beforehand; the suite asserts that it is so. */
export interface Traits {
  /** Whether `process.getBuiltinModule` gives `node:crypto`. */
  readonly nodeCrypto: boolean
  /** Whether what a request started ends with it. */
  readonly isWorker: boolean
  /** Whether fetch carries Authorization to another origin. */
  readonly keepsAuthorization: boolean
  /** Whether a worker's fetch has the option `cache`; where it has not, it throws. */
  readonly cacheOption?: boolean
  /** What can print a value. */
  readonly inspectors: readonly string[]
}
