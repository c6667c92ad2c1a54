import {
  ConfigurationError,
  CountersignError,
  ForeignOriginError,
  isCountersignError,
  KeyError,
  redactError,
  TokenEndpointError,
  TokenResponseError,
  TokenTransportError,
} from '@countersign/core'

export function explain(error: unknown): string {
  // @ts-expect-error 18046: an unknown error has no code
  if (error.code === 'ERR_OAUTH') return ''
  if (!isCountersignError(error)) return JSON.stringify(redactError(error))
  // @ts-expect-error 2339: not every error has a status
  if (error.status === 401) return ''
  if (error instanceof TokenEndpointError) {
    // @ts-expect-error 2367: a code of another class
    if (error.code === 'ERR_KEY_FORMAT') return ''
    const wire: string | undefined = error.errorDescription ?? error.error
    if (error.code === 'ERR_TOKEN_RATE_LIMITED') return `${error.status} ${error.attempts}`
    return wire ?? ''
  }
  if (error instanceof KeyError) return keyAdvice(error.code)
  if (error instanceof TokenTransportError) {
    // @ts-expect-error 2540: hints are for reading
    error.hints = []
    return `${error.code} ${error.attempts} ${error.hints.join(' ')}`
  }
  if (error instanceof TokenResponseError) return `${error.code} ${error.field}`
  if (error instanceof ForeignOriginError) return `${error.code} ${error.origin}`
  if (error instanceof ConfigurationError) return `${error.code} ${error.option}`
  const cause: unknown = error.cause
  return `${error.code} ${error.retryable} ${cause}`
}

/** Complete, or it would not compile. */
function keyAdvice(code: KeyError['code']): string {
  switch (code) {
    case 'ERR_KEY_FORMAT':
    case 'ERR_NOT_PRIVATE_KEY':
    case 'ERR_WEAK_KEY':
      return 'give another key'
    case 'ERR_KEY_ALG_MISMATCH':
    case 'ERR_KEY_USE':
    case 'ERR_KEY_PROVIDER':
      return 'look at where it comes from'
  }
}

declare const failure: CountersignError
// @ts-expect-error 2322: until then, if it is known
export const at: number = failure.nextAttemptAt
// @ts-expect-error 2540: a code is for reading
failure.code = 'ERR_OAUTH'
// @ts-expect-error 2511: the base of the others
new CountersignError('message')
// @ts-expect-error 2345: no such code
new ConfigurationError('ERR_WRONG', 'message')
