import { ConfigurationError } from '@countersign/core'
import * as ky from 'ky'

const wayOut =
  "ky 1 has no 'init' hook and would send every request without a token: update ky to version 2, " +
  "or give the instance our fetch, which serves both: ky.create({ fetch: authorizedFetch(tokens, { origins }) }), from '@countersign/core/fetch'."

/** @throws {ConfigurationError} `ERR_UNSUPPORTED_HOST`, when the ky that is installed is ky 1. */
export function requireKy2(): void {
  if (!('replaceOption' in ky)) throw tooOld()
}

/**
 * A `beforeRequest` hook for instances of another ky than the one installed beside this package.
 * ky 1 calls it with a second argument; on ky 2 the `init` hook takes it out.
 */
export function refuseKy1(...given: readonly unknown[]): void {
  if (given.length > 1) throw tooOld()
}

function tooOld(): ConfigurationError {
  return new ConfigurationError('ERR_UNSUPPORTED_HOST', wayOut)
}
