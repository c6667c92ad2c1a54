import { type CountersignError, TokenEndpointError } from '../errors.js'

/** RFC 6749 section 5.2, RFC 8707 section 2, and what servers send in their place. */
const accessErrors = new Set([
  'invalid_scope',
  'insufficient_scope',
  'invalid_target',
  'invalid_resource',
  'access_denied',
  'consent_required',
  'interaction_required',
])

/** Whether the server rejected the requested scope or resource, and not the client. */
export function isAccessFailure(error: CountersignError): boolean {
  return (
    error instanceof TokenEndpointError &&
    error.code === 'ERR_OAUTH' &&
    error.error !== undefined &&
    accessErrors.has(error.error)
  )
}
