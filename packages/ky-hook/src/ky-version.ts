import { ConfigurationError } from '@countersign/core'
import * as ky from 'ky'

/** @throws {ConfigurationError} `ERR_UNSUPPORTED_CLIENT` if the installed ky is version 1. */
export function requireKy2(): void {
  if (!('replaceOption' in ky)) throw createVersionError()
}

/**
 * A `beforeRequest` hook for instances of another copy of ky than the installed one. Only ky 1 calls
 * it, with a second argument: on ky 2 the `init` hook removes it.
 */
export function rejectKy1(...given: readonly unknown[]): void {
  if (given.length > 1) throw createVersionError()
}

function createVersionError(): ConfigurationError {
  return new ConfigurationError(
    'ERR_UNSUPPORTED_CLIENT',
    "ky 1 has no 'init' hook and would send every request without a token. " +
      "Update ky to version 2, or use authorizedFetch from '@countersign/core/fetch' with either version: " +
      'ky.create({ fetch: authorizedFetch(tokens, { origins }) }).',
  )
}
