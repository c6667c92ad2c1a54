import { listProxyHints } from '../diagnosis/proxy-variable.js'
import { toOneLine } from '../diagnosis/server-text.js'
import { createCause } from '../error-cause.js'
import { TokenTransportError } from '../errors.js'
import { readOwnMember, snapshot } from '../snapshot.js'

/** The facts about a token request that got no usable response. */
export interface FailedRequest {
  readonly tokenEndpoint: string
  readonly attempts: number
  /** The name of the environment variable of a proxy that `fetch` ignores. */
  readonly proxyVariable: string | undefined
}

interface Failure {
  /** Matches a line `CODE Name: message` of the error or of one of its causes. */
  readonly match: RegExp
  readonly code?: TokenTransportError['code']
  readonly reason: string
  readonly hint?: string
  readonly retryable?: boolean
  /** The host was not reached, so a proxy may be necessary. */
  readonly isUnreached?: boolean
}

/** The meanings of a rejected fetch. The first row that matches counts. */
const failures: readonly Failure[] = [
  {
    match: /\bbad port$/m,
    reason: 'fetch blocks this port (bad port)',
    hint: 'Use another port: the Fetch standard lists those that are blocked.',
    retryable: false,
  },
  {
    match:
      /^\S* TypeError: (RequestInit: |Request constructor: |Headers\.\w+: |Failed to construct |Failed to execute |Cannot convert argument)/m,
    reason: 'fetch rejected the request before it was sent',
    hint: 'Check the URL, the option `fetch`, and that globals such as AbortSignal and Request are not replaced.',
    retryable: false,
  },
  {
    match: /^(\S* \w+: Proxy response \(|ERR_PROXY_TUNNEL .*\b)407\b/m,
    reason: 'the proxy answered CONNECT with status 407',
    hint: "Check the user name and password in the proxy's URL.",
    retryable: false,
  },
  {
    match: /^(?:\S* \w+: Proxy response \(|ERR_PROXY_TUNNEL .*\b)([45]\d\d)\b/m,
    reason: 'the proxy answered CONNECT with status $1',
    hint: 'Allow this host on the proxy, add it to NO_PROXY, or check that the proxy can reach it.',
  },
  {
    match:
      /^(\S* HTTPParserError: |\S* \w+: too many content-encodings|(HPE_|Z_|UND_ERR_(HEADERS_OVERFLOW|RES_|CONTENT_LENGTH|INVALID))\S* )/m,
    code: 'ERR_TOKEN_PROTOCOL',
    reason: 'the response is not valid HTTP',
    hint: 'Check that the URL is that of a token endpoint.',
  },
  {
    match:
      /^(CERT_|CRL_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERROR_IN_C|ERR_TLS_|ERR_SSL_|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|PATH_LENGTH)/m,
    code: 'ERR_TOKEN_TLS',
    reason: 'no TLS connection, or its certificate is not trusted',
    hint: 'Check the certificate and the URL; set a company CA with NODE_EXTRA_CA_CERTS or `fetch`.',
  },
  { match: /^ECONNREFUSED /m, reason: 'nothing is listening there', isUnreached: true },
  {
    match: /^(ENOTFOUND|EAI_AGAIN) /m,
    reason: 'the host name does not resolve',
    isUnreached: true,
  },
  {
    match: /^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EACCES|UND_ERR_CONNECT_TIMEOUT) /m,
    reason: 'the host cannot be reached from here',
    isUnreached: true,
  },
  { match: /(?:)/, reason: 'the host could not be reached, or the connection broke' },
]

/** Returns what a rejected fetch means. The platform's error is not kept: it may quote the form. */
export function createTransportError(thrown: unknown, request: FailedRequest): TokenTransportError {
  const { tokenEndpoint, attempts, proxyVariable } = request
  const chain = listCauses(thrown)
  const causes = chain.map(createCause)
  const cause = causes.findLast((one) => snapshot(one).code !== undefined) ?? causes.at(-1)
  const own = snapshot(cause)
  const what = [own.syscall, own.code, ...chain.map(readAddress)].filter(Boolean).join(' ')
  const lines = chain.map((error) =>
    toOneLine(`${String(readOwnMember(error, 'code'))} ${error.name}: ${error.message}`),
  )
  const text = lines.join('\n')
  const failure = snapshot(failures.find(({ match }) => match.test(text)))
  const { code = 'ERR_TOKEN_NETWORK', hint = 'Check host, port and proxy.' } = failure
  const reason = failure.reason.replace('$1', failure.match.exec(text)?.[1] ?? '')
  const hints = [...(failure.isUnreached ? listProxyHints(proxyVariable) : []), hint]
  const { host } = new URL(tokenEndpoint)
  return new TokenTransportError(
    code,
    `The token request to ${host} failed: ${what && `${what}: `}${reason}.`,
    { attempts, cause, hints, retryable: failure.retryable },
  )
}

/** If the signature took all the time, advice about the token endpoint would mislead. */
export function createTimeoutError(
  ms: number,
  { tokenEndpoint, attempts, proxyVariable }: FailedRequest,
  asked?: 'key function' | 'signer',
): TokenTransportError {
  const check = asked
    ? `Check that the ${asked} can reach its service, and give it a timeout.`
    : 'Check that it can be reached from here, and that `fetch` does not wait for this token itself.'
  const hints = asked ? [check] : [...listProxyHints(proxyVariable), check]
  const what = `No token from ${new URL(tokenEndpoint).host} within ${Math.round(ms)} ms`
  const why = asked ? `: the ${asked} did not answer` : ''
  return new TokenTransportError('ERR_TOKEN_TIMEOUT', `${what}${why}.`, { attempts, hints })
}

export function createRedirectError(
  response: Response,
  { tokenEndpoint, attempts }: Omit<FailedRequest, 'proxyVariable'>,
): TokenTransportError {
  const location = response.redirected ? response.url : response.headers.get('location')
  const target =
    location && URL.canParse(location, tokenEndpoint)
      ? ` to ${new URL(location, tokenEndpoint).origin}`
      : ''
  return new TokenTransportError(
    'ERR_TOKEN_REDIRECT',
    `The token endpoint redirects${target}. The redirect was not followed, because the assertion is a credential.`,
    { attempts, hints: ["Set the option 'tokenEndpoint' to the final URL."] },
  )
}

/** Returns the error and its causes, outermost first. They may come from another realm. */
function listCauses(thrown: unknown, most = 5): readonly Error[] {
  const isError = /^\[object (Error|DOMException)\]$/.test(Object.prototype.toString.call(thrown))
  if (!isError || most === 0) return []
  const error = thrown as Error
  return [error, ...listCauses(readOwnMember(error, 'cause'), most - 1)]
}

/** Returns the address that `connect` failed for, which may be that of a proxy. */
function readAddress(error: Error): string | undefined {
  const { address, port } = snapshot(error as Error & { address?: unknown; port?: unknown })
  const isAddress = typeof address === 'string' && /^[\da-f.:]+$/.test(address)
  return isAddress && typeof port === 'number' ? `${address}:${port}` : undefined
}
