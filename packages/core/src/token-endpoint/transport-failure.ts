import { isUnreached, proxyHints } from '../diagnosis/proxy-variable.js'
import { describeSent, type SentAssertion } from '../diagnosis/sent-assertion.js'
import { createCause, type ErrorCause } from '../error-cause.js'
import { type CountersignError, TokenTransportError } from '../errors.js'
import { isObject, ownMember } from '../snapshot.js'

/** What a rejected fetch may mean; timeouts and redirects have errors of their own. */
type TransportCode = Exclude<
  TokenTransportError['code'],
  'ERR_TOKEN_TIMEOUT' | 'ERR_TOKEN_REDIRECT'
>

/**
 * What a rejected fetch means. The platform's error is never kept: it may quote what was sent.
 * `proxyVariable` is the name of one that fetch passes by.
 */
export function transportError(
  thrown: unknown,
  attempts: number,
  proxyVariable?: string,
): TokenTransportError {
  const chain = causeChain(thrown)
  const cause = decisiveCause(chain)
  const causeCode = codeOf(cause)
  const refused = chain.map(refusedBySender).find((reason) => reason !== undefined)
  if (refused !== undefined)
    return new TokenTransportError('ERR_TOKEN_NETWORK', `${refused.what}. ${refused.advice}`, {
      ...{ attempts, cause, hints: [refused.advice], retryable: refused.retryable },
    })
  const code = chain.some(isUnreadableAnswer) ? 'ERR_TOKEN_PROTOCOL' : transportCode(causeCode)
  const why = causeCode === undefined ? '' : ` (${causeCode})`
  const hints = [...(isUnreached(causeCode) ? proxyHints(proxyVariable) : []), advice[code]]
  return new TokenTransportError(code, `${summary[code]}${why}. ${hints.join(' ')}`, {
    attempts,
    cause,
    hints,
  })
}

export function timeoutError(
  what: string,
  attempts: number,
  proxyVariable?: string,
): TokenTransportError {
  const hints = [
    ...proxyHints(proxyVariable),
    'Check that the token endpoint can be reached from here; if the token request goes through an authorized instance, check that it does not wait for its own token.',
  ]
  return new TokenTransportError('ERR_TOKEN_TIMEOUT', `${what} ${hints.join(' ')}`, {
    attempts,
    hints,
  })
}

/** All the time went by where the signature comes from: advice about the endpoint would mislead. */
export function unansweredError(
  asked: 'key function' | 'signer',
  timeout: number,
  attempts: number,
): TokenTransportError {
  const hint = 'Check that what it asks can be reached from here, and that it ends when it cannot.'
  return new TokenTransportError(
    'ERR_TOKEN_TIMEOUT',
    `No token within ${timeout} ms: the ${asked} did not answer. ${hint}`,
    { attempts, hints: [hint] },
  )
}

export function redirectError(
  response: Response,
  tokenEndpoint: string,
  { attempts, sent }: { attempts: number; sent: SentAssertion },
): TokenTransportError {
  const target = redirectTarget(response, tokenEndpoint)
  const to = target === undefined ? '' : ` to ${target.origin}`
  const hint = `Configure the final URL${target === undefined ? '' : change(new URL(tokenEndpoint), target)}.`
  return new TokenTransportError(
    'ERR_TOKEN_REDIRECT',
    `The token endpoint answered with a redirect${to}. It was not followed: the assertion would go with it. ${hint} ${describeSent(sent)}`,
    { attempts, hints: [hint] },
  )
}

/** By name: it may come from another copy of this package, through `fetch`. */
export function isTransportError(error: CountersignError): error is TokenTransportError {
  return error.name === 'TokenTransportError'
}

/** How often at the most this failure is worth another attempt. */
export function transportRetries(error: TokenTransportError): number {
  if (!error.retryable) return 0
  const isUnknownName = codeOf(ownMember(error, 'cause') as ErrorCause | undefined) === 'ENOTFOUND'
  return isUnknownName ? 1 : Number.POSITIVE_INFINITY
}

const summary = {
  ERR_TOKEN_NETWORK: 'The token endpoint could not be reached, or the connection broke',
  ERR_TOKEN_TLS: 'No TLS connection to the token endpoint',
  ERR_TOKEN_PROTOCOL: 'The token endpoint did not speak HTTP as it should',
} as const

const advice = {
  ERR_TOKEN_NETWORK: 'Check host, port and proxy.',
  ERR_TOKEN_TLS:
    'Check the certificate and the URL; give a company CA through NODE_EXTRA_CA_CERTS or `fetch`.',
  ERR_TOKEN_PROTOCOL: 'Check that the URL is that of a token endpoint.',
} as const

const tls =
  /^(CERT_|CRL_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERROR_IN_C|ERR_TLS_|ERR_SSL_|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|PATH_LENGTH)/
const protocol = /^(HPE_|Z_|UND_ERR_(HEADERS_OVERFLOW|RES_|CONTENT_LENGTH|INVALID))/

function transportCode(code: string | undefined): TransportCode {
  if (code === undefined) return 'ERR_TOKEN_NETWORK'
  if (tls.test(code)) return 'ERR_TOKEN_TLS'
  return protocol.test(code) ? 'ERR_TOKEN_PROTOCOL' : 'ERR_TOKEN_NETWORK'
}

/** What Node's fetch rejects an answer with that it cannot read; these have no code. */
function isUnreadableAnswer({ name, message }: Error): boolean {
  return name === 'HTTPParserError' || /^too many content-encodings/.test(message)
}

interface Refusal {
  readonly what: string
  readonly advice: string
  readonly retryable: boolean
}

const unsent =
  /^(RequestInit: |Request constructor: |Headers\.\w+: |Failed to construct |Failed to execute |Cannot convert argument)/

/** What fetch or a proxy rejects before the token endpoint is asked; undefined: it may have been. */
function refusedBySender(error: Error): Refusal | undefined {
  const { name, message } = error
  if (/\bbad port$|\bblocked port\b|ERR_UNSAFE_PORT/i.test(message))
    return {
      what: 'fetch blocks the port of the token endpoint (bad port), so the request was not sent',
      advice: 'Use another port: the Fetch standard lists those that are blocked.',
      retryable: false,
    }
  if (name === 'TypeError' && unsent.test(message))
    return {
      what: `fetch rejected the request before it was sent (${/^[\w.]+(?=: )/.exec(message)?.[0] ?? name})`,
      advice:
        'Check the URL and the option `fetch`, and that globals such as AbortSignal and Request are not replaced.',
      retryable: false,
    }
  const status = proxyStatus(error)
  return status === undefined ? undefined : refusedByProxy(status)
}

/** The status that a proxy answered CONNECT with, as undici and node:http state it. */
function proxyStatus(error: Error): string | undefined {
  const { message } = error
  return (
    /^Proxy response \((\d{3})\)/.exec(message)?.[1] ??
    (ownMember(error, 'code') === 'ERR_PROXY_TUNNEL'
      ? /\b[45]\d\d\b/.exec(message)?.[0]
      : undefined)
  )
}

function refusedByProxy(status: string): Refusal {
  const advice =
    {
      407: "Check the user name and password in the proxy's URL.",
      403: 'Allow this host on the proxy, or add it to NO_PROXY.',
    }[status] ?? 'Check that the proxy can reach the token endpoint.'
  const what = `The proxy rejected the connection to the token endpoint with status ${status}`
  return { what, advice, retryable: status !== '407' }
}

/** The error and what caused it, outermost first. By shape: it may come from another realm. */
function causeChain(thrown: unknown): readonly Error[] {
  const chain: Error[] = []
  for (
    let error = thrown;
    isErrorLike(error) && chain.length < 5;
    error = ownMember(error, 'cause')
  )
    chain.push(error)
  return chain
}

function isErrorLike(value: unknown): value is Error {
  if (!isObject(value)) return false
  const isError = /^\[object (Error|DOMException)\]$/.test(Object.prototype.toString.call(value))
  return isError && typeof Reflect.get(value, 'message') === 'string'
}

/** A new error for the innermost one that has a code, or else for the innermost. */
function decisiveCause(chain: readonly Error[]): ErrorCause | undefined {
  const causes = chain.map(createCause)
  return causes.findLast((cause) => codeOf(cause) !== undefined) ?? causes.at(-1)
}

function codeOf(cause: ErrorCause | undefined): string | undefined {
  return cause && (ownMember(cause, 'code') as string | undefined)
}

function redirectTarget(response: Response, tokenEndpoint: string): URL | undefined {
  const location = response.redirected ? response.url : response.headers.get('location')
  if (!location || !URL.canParse(location, tokenEndpoint)) return undefined
  return new URL(location, tokenEndpoint)
}

/** How the target differs, where little does. Its path and query are never told. */
function change(from: URL, to: URL): string {
  if (/log-?[io]n|sign-?in|\bsso\b/i.test(to.pathname)) return ': this one leads to a login page'
  if (from.search !== to.search) return ''
  if (from.pathname !== to.pathname) {
    const isSlash = from.pathname === `${to.pathname}/` || `${from.pathname}/` === to.pathname
    return isSlash && from.origin === to.origin ? ': only the slash at the end differs' : ''
  }
  const differing = [
    ...(from.protocol === to.protocol ? [] : ['scheme']),
    ...(from.host === to.host ? [] : ['host']),
  ]
  return differing.length === 0 ? '' : `: only the ${differing.join(' and the ')} differs`
}
