import type { Algorithm, AssertionSigner } from './assertion/assertion-signer.js'
import type { KeyInput } from './assertion/key-input.js'
import { type Clock, longestTimer, systemClock, type WaitingClock } from './clock.js'
import { ConfigurationError } from './errors.js'
import type { TokenEvent } from './events.js'
import {
  invalidOption,
  readBoolean,
  readFunction,
  readMethods,
  readNumber,
  readOptions,
} from './options.js'
import { parseResource, parseScope, type RequestedAccess } from './requested-access.js'
import type { TokenStore } from './store/token-store.js'
import { checkTokenEndpoint } from './token-endpoint/endpoint-url.js'
import { reservedParameters, type TokenFetch } from './token-endpoint/token-request.js'

/** Durations are milliseconds, except where the name says seconds. Read once, at construction. */
export interface TokenProviderOptions {
  /** As the authorization server gave it. `undefined` compiles, for `process.env`, and throws. */
  clientId: string | undefined
  /** https, or http to localhost, 127.0.0.1 or [::1]; sent and signed byte for byte. */
  tokenEndpoint: string | undefined
  /** The private key; a function is asked at each token request. */
  key?: KeyInput | undefined | (() => KeyInput | Promise<KeyInput>)
  /** Of an encrypted PKCS#8 key. Not supported yet. */
  passphrase?: string | undefined
  /** A key that lives elsewhere. Not supported yet. */
  signer?: AssertionSigner
  /** Scope tokens in a string or an array (RFC 6749 section 3.3). */
  scope?: string | readonly string[]
  /** Resource indicators (RFC 8707). */
  resource?: string | readonly string[]
  /** Extra form fields of the token request; naming one of ours throws `ERR_RESERVED_PARAMETER`. */
  parameters?: Readonly<Record<string, string>>
  assertion?: {
    /** The `aud` claim, one exact string. Default: `tokenEndpoint`. */
    audience?: string
    /** 60; 1 to 300. `iat` is now - 5 s, `exp` is `iat` + lifetime. */
    lifetimeSeconds?: number
    /** Default: the JWK's `alg`, or ES256 for P-256. An RSA key asks for PS256 or RS256. */
    alg?: Algorithm
    /** Default: the JWK's `kid`, else the header has none. */
    kid?: string
    /** `JWT` */
    typ?: string
    /** Extra claims; iss, sub, aud, jti, iat and exp are ours. */
    claims?: Readonly<Record<string, unknown>>
    /** Extra header members; alg, kid and typ are ours. */
    header?: Readonly<Record<string, unknown>>
  }
  renewal?: {
    /** 60,000; the window is min(early, 20 % of the lifetime) times 0.8 to 1. 0: none. */
    early?: number
    /** The platform's own (Cloudflare, Vercel); without it nothing is renewed early on Workers. */
    waitUntil?: (renewal: Promise<unknown>) => void
  }
  /** 10,000 for the whole flight: key, signing, attempts, pauses. One attempt has half of it. */
  timeout?: number
  /** 2: after network failures, timeouts, 408, 425, 429 and 5xx. */
  retries?: number
  /** Default: `globalThis.fetch`, looked up at each call. */
  fetch?: TokenFetch
  /** Default: none; each provider keeps its own tokens in memory, 1,000 keys. */
  store?: TokenStore
  /** What it throws or rejects with is swallowed. */
  onEvent?: (event: TokenEvent) => void
  clock?: Clock
  /** false; lets `tokenEndpoint` be http on a host that is not loopback. */
  allowInsecureHttp?: boolean
}

/** The options as checked, with their defaults. */
export interface TokenProviderSettings {
  readonly clientId: string
  readonly tokenEndpoint: string
  readonly access: RequestedAccess
  readonly parameters: Readonly<Record<string, string>>
  readonly assertion: {
    readonly clientId: string
    readonly audience: string
    readonly lifetimeSeconds: number
    readonly alg: Algorithm | undefined
    readonly kid: string | undefined
    readonly typ: string
    readonly claims: Readonly<Record<string, unknown>>
    readonly header: Readonly<Record<string, unknown>>
    readonly key: KeyInput | (() => KeyInput | Promise<KeyInput>)
  }
  readonly early: number
  readonly waitUntil: ((renewal: Promise<unknown>) => void) | undefined
  readonly timeout: number
  readonly retries: number
  readonly fetch: TokenFetch
  /** `fetch` is the platform's, since none was given. */
  readonly isPlatformFetch: boolean
  readonly store: TokenStore | undefined
  readonly onEvent: ((event: TokenEvent) => unknown) | undefined
  readonly clock: WaitingClock
}

/** @throws {ConfigurationError} naming the option. */
export function readTokenProviderOptions(options: TokenProviderOptions): TokenProviderSettings {
  const read = readOptions(options, [
    'clientId',
    'tokenEndpoint',
    'key',
    'passphrase',
    'signer',
    'scope',
    'resource',
    'parameters',
    'assertion',
    'renewal',
    'timeout',
    'retries',
    'fetch',
    'store',
    'onEvent',
    'clock',
    'allowInsecureHttp',
  ])
  const clientId = checkClientId(read.clientId)
  const allowInsecureHttp = readBoolean(read.allowInsecureHttp, 'allowInsecureHttp')
  const tokenEndpoint = checkTokenEndpoint(read.tokenEndpoint, allowInsecureHttp)
  const renewal = readOptions(read.renewal ?? {}, ['early', 'waitUntil'], 'renewal')
  return {
    clientId,
    tokenEndpoint,
    access: { scope: parseScope(read.scope), resource: parseResource(read.resource) },
    parameters: checkParameters(read.parameters),
    assertion: readAssertion(read.assertion, { clientId, tokenEndpoint, key: checkKey(read) }),
    early: readNumber(renewal.early, 'renewal.early', {
      fallback: 60_000,
      least: 0,
      most: longestTimer,
      whole: false,
    }),
    waitUntil: readFunction(renewal.waitUntil, 'renewal.waitUntil'),
    timeout: readNumber(read.timeout, 'timeout', {
      fallback: 10_000,
      least: 1,
      most: longestTimer,
      whole: false,
    }),
    retries: readNumber(read.retries, 'retries', { fallback: 2, least: 0, most: 10, whole: true }),
    fetch: readFunction(read.fetch, 'fetch') ?? ((url, init) => globalThis.fetch(url, init)),
    isPlatformFetch: read.fetch === undefined,
    store: readMethods(read.store, 'store', ['get', 'set', 'delete']),
    onEvent: readFunction(read.onEvent, 'onEvent'),
    clock: readMethods(read.clock, 'clock', ['now', 'monotonic', 'wait']) ?? systemClock,
  }
}

function checkClientId(clientId: unknown): string {
  if (typeof clientId === 'string' && /^[\x21-\x7e]{1,1024}$/.test(clientId)) return clientId
  const what =
    clientId === undefined
      ? "The option 'clientId' is missing (is the environment variable set?)."
      : "The option 'clientId' must be 1 to 1,024 printable ASCII characters without blanks."
  throw new ConfigurationError('ERR_INVALID_CLIENT_ID', what, 'clientId')
}

function checkKey(read: {
  key?: unknown
  signer?: unknown
  passphrase?: unknown
}): TokenProviderSettings['assertion']['key'] {
  if (read.signer !== undefined)
    throw invalidOption("The option 'signer' is not supported yet: give a 'key'.", 'signer')
  if (read.passphrase !== undefined) {
    throw invalidOption(
      "The option 'passphrase' is not supported yet: decrypt the key with `openssl pkcs8 -in key.pem -out plain.pem`.",
      'passphrase',
    )
  }
  if (read.key === undefined) {
    throw invalidOption(
      "The option 'key' is missing (is the environment variable set?): give a private key.",
      'key',
    )
  }
  return read.key as TokenProviderSettings['assertion']['key']
}

function checkParameters(parameters: unknown): Readonly<Record<string, string>> {
  const checked: Record<string, string> = Object.create(null)
  if (parameters === undefined) return checked
  if (typeof parameters !== 'object' || parameters === null) {
    throw invalidOption("The option 'parameters' must be an object of strings.", 'parameters')
  }
  for (const [name, value] of Object.entries(parameters)) {
    if (reservedParameters.includes(name)) {
      throw new ConfigurationError(
        'ERR_RESERVED_PARAMETER',
        `The option 'parameters' may not set '${name}': it has an option of its own or is made here.`,
        `parameters.${name}`,
      )
    }
    if (typeof value !== 'string')
      throw invalidOption("Every member of the option 'parameters' must be a string.", 'parameters')
    checked[name] = value
  }
  return checked
}

function readAssertion(
  assertion: unknown,
  {
    clientId,
    tokenEndpoint,
    key,
  }: { clientId: string; tokenEndpoint: string; key: TokenProviderSettings['assertion']['key'] },
): TokenProviderSettings['assertion'] {
  const names = ['audience', 'lifetimeSeconds', 'alg', 'kid', 'typ', 'claims', 'header'] as const
  const read = readOptions(assertion ?? {}, names, 'assertion')
  const audience = text(read.audience, 'assertion.audience') ?? tokenEndpoint
  if (audience === 'issuer') {
    throw invalidOption(
      "The option 'assertion.audience' may be 'issuer' only with discovery, which is not there yet: write the issuer's URL.",
      'assertion.audience',
    )
  }
  return {
    clientId,
    audience,
    lifetimeSeconds: lifetimeSeconds(read.lifetimeSeconds),
    alg: read.alg as Algorithm | undefined,
    kid: text(read.kid, 'assertion.kid'),
    typ: text(read.typ, 'assertion.typ') ?? 'JWT',
    claims: without(read.claims, 'assertion.claims', ['iss', 'sub', 'aud', 'jti', 'iat', 'exp']),
    header: without(read.header, 'assertion.header', ['alg', 'kid', 'typ']),
    key,
  }
}

function lifetimeSeconds(value: unknown): number {
  if (typeof value === 'number' && value >= 1000 && Number.isFinite(value)) {
    throw invalidOption(
      `The option 'assertion.lifetimeSeconds' is ${value}, which looks like milliseconds: it is in seconds, 1 to 300.`,
      'assertion.lifetimeSeconds',
    )
  }
  return readNumber(value, 'assertion.lifetimeSeconds', {
    fallback: 60,
    least: 1,
    most: 300,
    whole: true,
  })
}

function text(value: unknown, option: string): string | undefined {
  if (value === undefined || (typeof value === 'string' && value !== '')) return value
  throw invalidOption(`The option '${option}' must be one string that is not empty.`, option)
}

/** A copy of the extra members, none of which may be one of ours. */
function without(
  value: unknown,
  option: string,
  ours: readonly string[],
): Readonly<Record<string, unknown>> {
  if (value === undefined) return {}
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidOption(`The option '${option}' must be an object.`, option)
  }
  const taken = ours.find((name) => Object.hasOwn(value, name))
  if (taken !== undefined)
    throw invalidOption(`The option '${option}' may not set '${taken}'.`, option)
  return structuredClone(value) as Record<string, unknown>
}
