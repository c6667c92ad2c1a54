import { diagnose } from '../diagnosis/diagnosis.js'
import { type Evidence, isRetryableStatus } from '../diagnosis/evidence.js'
import { cleanServerText, cutAtSpace, hideQuery, toOneLine } from '../diagnosis/server-text.js'
import { TokenEndpointError, TokenResponseError } from '../errors.js'
import { readMember } from './token-response.js'

interface Answer {
  readonly status: number
  readonly contentType: string | null
  readonly body: Record<string, unknown> | undefined
}

const longestMessage = 350

/** Returns the error of an error response (RFC 6749 section 5.2), or of any other error status. */
export function createTokenEndpointError(
  { status, contentType, body }: Answer,
  attempts: number,
  circumstances: Omit<Evidence, 'status' | 'isHtml' | 'error' | 'description'>,
): TokenEndpointError {
  const error = body && cleanServerText(readMember(body, 'error'), 64)
  const errorDescription = body && cleanServerText(readMember(body, 'error_description'), 512)
  const isHtml = isPage(contentType)
  const code = chooseErrorCode(status, error)
  const { isCertain, hints, options } = diagnose({
    ...circumstances,
    ...{ status, isHtml, error, description: errorDescription },
  })
  const [first = 'See the documentation of the authorization server.'] = hints
  const isGuess = hints.length > 0 && !isCertain
  const other = code === 'ERR_TOKEN_HTTP' ? ' without an OAuth error' : ''
  const contents = error ? ` '${error}'` : isHtml ? ' with an HTML page' : other
  const answered = `The token endpoint answered ${status}${contents}.`
  const advice = isGuess ? `Probably ${first.charAt(0).toLowerCase()}${first.slice(1)}` : first
  const room = longestMessage - `${answered} The server reports: "". ${advice}`.length
  const said = errorDescription && `The server reports: "${cutAtSpace(errorDescription, room)}".`
  const { clientId: _, audience, kid, ...sent } = circumstances.sent
  return new TokenEndpointError(code, [answered, said, advice].filter(Boolean).join(' '), {
    ...{ status, attempts, error, errorDescription, hints, options },
    retryable: isRetryableStatus(status),
    sent: { audience: toOneLine(hideQuery(audience)), kid: kid && toOneLine(kid), ...sent },
  })
}

/** Returns the error of a success without a JSON object: its type and length, never its text. */
export function createMalformedError(
  { status, contentType }: Omit<Answer, 'body'>,
  length: number,
): TokenResponseError {
  const type = cleanServerText(contentType, 64) ?? 'no content type'
  const page = 'A login page or a proxy probably answered: check the URL and the proxy.'
  const hint = 'Check that the URL is that of a token endpoint.'
  return new TokenResponseError(
    'ERR_TOKEN_RESPONSE_MALFORMED',
    `The token endpoint answered ${status}, but not with a JSON object (${type}, ${length} characters).`,
    { hints: isPage(contentType) ? [page, hint] : [hint] },
  )
}

function chooseErrorCode(status: number, error: string | undefined): TokenEndpointError['code'] {
  if (status === 429) return 'ERR_TOKEN_RATE_LIMITED'
  if (isRetryableStatus(status) || status === 501) return 'ERR_TOKEN_UNAVAILABLE'
  return error === undefined ? 'ERR_TOKEN_HTTP' : 'ERR_OAUTH'
}

function isPage(contentType: string | null): boolean {
  return contentType?.includes('html') ?? false
}
