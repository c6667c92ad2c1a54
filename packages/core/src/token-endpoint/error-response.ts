import { TokenEndpointError, TokenResponseError } from '../errors.js'
import { isRetryableStatus } from './retry.js'
import { oneLine, serverText } from './server-text.js'
import { member } from './token-response.js'

/** What was sent, told in an error: nothing secret. */
export interface SentAssertion {
  readonly clientId: string
  readonly audience: string
  readonly alg: string
  readonly kid: string | undefined
}

/** An error response (RFC 6749 section 5.2), or whatever else came with that status. */
export function endpointError(
  answer: { status: number; contentType: string | null; body: Record<string, unknown> | undefined },
  sent: SentAssertion,
  attempts: number,
): TokenEndpointError {
  const { status, body } = answer
  const error = body && serverText(member(body, 'error'), 64)
  const errorDescription = body && serverText(member(body, 'error_description'), 256)
  const code = errorCode(status, error)
  const message = `${headline(code, answer, error)}${quoted(errorDescription)} ${advice(code, status, error)} ${describe(sent)}`
  return new TokenEndpointError(code, message, {
    status,
    attempts,
    retryable: isRetryableStatus(status),
    error,
    errorDescription,
  })
}

/** A success status without a JSON object: its type and length, never its text. */
export function malformedResponse(
  status: number,
  contentType: string | null,
  length: number,
): TokenResponseError {
  const type = serverText(contentType, 64) ?? 'no content type'
  return new TokenResponseError(
    'ERR_TOKEN_RESPONSE_MALFORMED',
    `The token endpoint answered ${status}, but not with a JSON object (${type}, ${length} characters). Check that the URL is that of a token endpoint.`,
  )
}

function errorCode(status: number, error: string | undefined): TokenEndpointError['code'] {
  if (status === 429) return 'ERR_TOKEN_RATE_LIMITED'
  if (status === 408 || status === 425 || status >= 500) return 'ERR_TOKEN_UNAVAILABLE'
  return error === undefined ? 'ERR_TOKEN_HTTP' : 'ERR_OAUTH'
}

function headline(
  code: TokenEndpointError['code'],
  { status, contentType }: { status: number; contentType: string | null },
  error: string | undefined,
): string {
  if (error !== undefined) return `The token endpoint answered ${status} '${error}'.`
  if (code !== 'ERR_TOKEN_HTTP')
    return `The token endpoint answered ${status}${htmlNote(contentType)}.`
  return `The token endpoint answered ${status}: rejected without an OAuth error${htmlNote(contentType)}.`
}

function htmlNote(contentType: string | null): string {
  return contentType?.includes('html') ? ' with an HTML page' : ''
}

function quoted(errorDescription: string | undefined): string {
  return errorDescription === undefined ? '' : ` The server says: "${errorDescription}".`
}

const likely: Record<string, string> = {
  invalid_client:
    'Likely: the public key is not registered for this client id, the kid is not known there, the aud is not what the server expects, or the clock is off.',
  invalid_scope: 'Likely: a scope that is misspelt or not granted to this client.',
  unauthorized_client: 'Likely: the client may not use the client_credentials grant.',
  unsupported_grant_type: 'Likely: the server or the client lacks the client_credentials grant.',
  invalid_request:
    'Likely: a parameter that the server requires is missing, or one that it refuses was sent.',
  invalid_target: 'Likely: a resource that the server does not know.',
  invalid_grant: 'Likely: the assertion is expired or was used before.',
}

function advice(
  code: TokenEndpointError['code'],
  status: number,
  error: string | undefined,
): string {
  if (code === 'ERR_TOKEN_RATE_LIMITED')
    return 'Too many token requests: share one provider per client id.'
  if (isRetryableStatus(status))
    return 'The authorization server is in trouble; later calls try again.'
  if (error !== undefined)
    return likelyCause(error) ?? 'See the documentation of the authorization server.'
  if ([404, 405, 410, 415, 501].includes(status)) return 'Check the URL of the token endpoint.'
  return 'Likely: a bad assertion (aud, kid, exp, scope).'
}

/** Not `constructor` and its like, which every object has. */
function likelyCause(error: string): string | undefined {
  return Object.hasOwn(likely, error) ? likely[error] : undefined
}

function describe({ clientId, audience, alg, kid }: SentAssertion): string {
  const short = clientId.length > 12 ? `${clientId.slice(0, 8)}...` : clientId
  const shownKid = serverText(kid, 64) ?? 'none'
  return `Sent: alg ${alg}, kid ${shownKid}, aud ${oneLine(audience)}, client id ${short}.`
}
