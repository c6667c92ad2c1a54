import { type CountersignError, isCountersignError, KeyError } from '../errors.js'
import { safeCause } from './safe-cause.js'

/**
 * What came of reading a key or signing with it. Getters, proxies and polyfills may throw anything,
 * and their words may quote the key: of what is not ours only name and code are told.
 */
export function keyFailure(thrown: unknown): CountersignError {
  if (isCountersignError(thrown)) return thrown
  return new KeyError(
    'ERR_KEY_FORMAT',
    'The key failed while it was read or used to sign. Give it as PEM text or as a plain JWK.',
    safeCause(thrown),
  )
}
