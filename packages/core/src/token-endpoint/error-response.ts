import { diagnose, optionsToCheck } from '../diagnosis/diagnosis.js'
import { type Circumstances, isRetryableStatus, isWrongUrl } from '../diagnosis/evidence.js'
import { describeSent, type SentAssertion } from '../diagnosis/sent-assertion.js'
import { serverText } from '../diagnosis/server-text.js'
import { TokenEndpointError, TokenResponseError } from '../errors.js'
import { member } from './token-response.js'

interface Answer {
  readonly status: number
  readonly contentType: string | null
  readonly body: Record<string, unknown> | undefined
}

/** An error response (RFC 6749 section 5.2), or whatever else came with that status. */
export function endpointError(
  { status, contentType, body }: Answer,
  circumstances: Circumstances,
  attempts: number,
): TokenEndpointError {
  const error = body && serverText(member(body, 'error'), 64)
  const errorDescription = body && serverText(member(body, 'error_description'), 512)
  const isHtml = isPage(contentType)
  const code = errorCode(status, error)
  const evidence = { ...circumstances, status, isHtml, error, description: errorDescription }
  const hints = diagnose(evidence)
  const message = [
    `The token endpoint answered ${status}${headline(code, error)}${isHtml && error === undefined ? ' with an HTML page' : ''}.`,
    ...(errorDescription === undefined ? [] : [`The server says: "${errorDescription}".`]),
    ...told(hints, isRetryableStatus(status) || isWrongUrl(status)),
    ...(isStandard(code, error) ? [] : ['See the documentation of the authorization server.']),
    describeSent(circumstances.sent),
  ].join(' ')
  return new TokenEndpointError(code, message, {
    status,
    attempts,
    retryable: isRetryableStatus(status),
    error,
    errorDescription,
    hints,
    options: optionsToCheck(evidence),
  })
}

/** A success status without a JSON object: its type and length, never its text. */
export function malformedResponse(
  { status, contentType }: Omit<Answer, 'body'>,
  length: number,
  sent: SentAssertion,
): TokenResponseError {
  const type = serverText(contentType, 64) ?? 'no content type'
  const hints = [
    ...(isPage(contentType) ? ["A login page or a proxy's page answered in its place."] : []),
    'Check that the URL is that of a token endpoint.',
  ]
  return new TokenResponseError(
    'ERR_TOKEN_RESPONSE_MALFORMED',
    `The token endpoint answered ${status}, but not with a JSON object (${type}, ${length} characters). ${hints.join(' ')} ${describeSent(sent)}`,
    { hints },
  )
}

function errorCode(status: number, error: string | undefined): TokenEndpointError['code'] {
  if (status === 429) return 'ERR_TOKEN_RATE_LIMITED'
  if (status === 408 || status === 425 || status >= 500) return 'ERR_TOKEN_UNAVAILABLE'
  return error === undefined ? 'ERR_TOKEN_HTTP' : 'ERR_OAUTH'
}

function headline(code: TokenEndpointError['code'], error: string | undefined): string {
  if (error !== undefined) return ` '${error}'`
  return code === 'ERR_TOKEN_HTTP' ? ': rejected without an OAuth error' : ''
}

function isPage(contentType: string | null): boolean {
  return contentType?.includes('html') ?? false
}

/** Where the status says it all, the first is no guess. */
function told([first, ...others]: readonly string[], isCertain: boolean): string[] {
  if (first === undefined) return []
  const likely = isCertain ? first : `Likely: ${uncapitalised(first)}`
  return [likely, ...others.map((hint) => `Or: ${uncapitalised(hint)}`)]
}

function uncapitalised(sentence: string): string {
  return `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`
}

const standard =
  /^(invalid_(client|scope|request|target|grant)|unauthorized_client|unsupported_grant_type)$/

/** Of another error the server's own documentation knows more. */
function isStandard(code: TokenEndpointError['code'], error = 'invalid_request'): boolean {
  return code !== 'ERR_OAUTH' || standard.test(error)
}
