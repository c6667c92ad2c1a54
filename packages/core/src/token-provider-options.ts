import { readAssertionOptions } from './assertion/assertion-options.js'
import type { AssertionSigner } from './assertion/assertion-signer.js'
import type { AssertionForm } from './assertion/client-assertion.js'
import type { Credential } from './assertion/signing-key.js'
import { type Clock, longestTimer, systemClock, type WaitingClock } from './clock.js'
import { ConfigurationError } from './errors.js'
import type { TokenEvent } from './events.js'
import type { Algorithm } from './keys/algorithms.js'
import type { KeyInput } from './keys/key-input.js'
import {
  invalidOption,
  readBoolean,
  readFunction,
  readMethods,
  readNumber,
  readOptions,
} from './options.js'
import { parseResource, parseScope, type RequestedAccess } from './requested-access.js'
import { isObject, snapshot } from './snapshot.js'
import type { TokenStore } from './store/token-store.js'
import { checkTokenEndpoint } from './token-endpoint/endpoint-url.js'
import { reservedParameters, type TokenFetch } from './token-endpoint/token-request.js'

/** Durations are milliseconds, except where the name says seconds. Read once, at construction. */
export interface TokenProviderOptions {
  /** As the authorization server gave it. `undefined` compiles, for `process.env`, and throws. */
  clientId: string | undefined
  /** https, or http to localhost, 127.0.0.1 or [::1]; sent and signed byte for byte. */
  tokenEndpoint: string | undefined
  /** The private key, or a function that is asked at each token request. One of key and signer. */
  key?: KeyInput | undefined | (() => KeyInput | Promise<KeyInput>)
  /** The passphrase of an encrypted PKCS#8 key. */
  passphrase?: string | undefined
  /**
   * The signature algorithm of the key, sent as `alg` in the assertion header. An RSA key needs it:
   * pass the one that is registered for the client. Leave it out with a `signer`, which has its own.
   *
   * @default the JWK's `alg`, or `ES256` for a P-256 key
   * @example 'PS256'
   */
  alg?: Algorithm | undefined
  /**
   * The key ID registered with the authorization server, sent as `kid` in the assertion header. It
   * chooses the key of a JWK Set.
   *
   * @default the JWK's `kid`; without one, the header has no `kid`
   */
  kid?: string | undefined
  /** Signs where the key lives, such as in a KMS: the key never enters this process. */
  signer?: AssertionSigner | undefined
  /** Scope tokens in a string or an array (RFC 6749 section 3.3). */
  scope?: string | readonly string[] | undefined
  /** Resource indicators (RFC 8707). */
  resource?: string | readonly string[] | undefined
  /** Extra form fields of the token request; naming one of ours throws `ERR_RESERVED_PARAMETER`. */
  parameters?: Readonly<Record<string, string>> | undefined
  /** The client assertion (RFC 7523 section 3). */
  assertion?:
    | {
        /** The `aud` claim, one exact string. Default: `tokenEndpoint`. */
        audience?: string | undefined
        /**
         * The lifetime of an assertion in seconds, from 10 to 300. `iat` is 5 seconds in the past, and
         * `exp` is `iat` plus this lifetime.
         *
         * @default 60
         */
        lifetimeSeconds?: number | undefined
        /** `JWT` */
        typ?: string | undefined
        /** Extra claims; iss, sub, aud, jti, iat and exp are ours. */
        claims?: Readonly<Record<string, unknown>> | undefined
        /** Extra header members; alg, kid and typ are ours. */
        header?: Readonly<Record<string, unknown>> | undefined
      }
    | undefined
  /** When a token is renewed. */
  renewal?:
    | {
        /**
         * How long before expiry a token is renewed in the background, in milliseconds. Capped at a
         * fifth of the token's lifetime. Set `0`, which turns early renewal off, on platforms that
         * freeze the process between two requests, such as AWS Lambda.
         *
         * @default 60_000
         */
        early?: number | undefined
        /**
         * Called with each early renewal, so that the platform keeps the process running until it has
         * finished: the `waitUntil` of Cloudflare Workers or Vercel. Without it, tokens are not renewed
         * early on Cloudflare Workers.
         */
        waitUntil?: ((renewal: Promise<unknown>) => void) | undefined
      }
    | undefined
  /** 10,000 for the whole flight: key, signing, attempts, pauses. One attempt has half of it. */
  timeout?: number | undefined
  /** 2: after network failures, timeouts, 408, 425, 429 and 5xx. */
  retries?: number | undefined
  /** Default: `globalThis.fetch`, looked up at each call. */
  fetch?: TokenFetch | undefined
  /** Default: none; each provider keeps its own tokens in memory, 1,000 keys. */
  store?: TokenStore | undefined
  /**
   * Separates tokens in a shared store that nothing else tells apart, such as those that a custom
   * `fetch` requests with a tenant's header or client certificate. It is part of the token's key
   * and is never sent. 1 to 1,024 characters.
   *
   * @example 'tenant-7'
   */
  partition?: string | undefined
  /** What it throws or rejects with is swallowed. */
  onEvent?: ((event: TokenEvent) => void) | undefined
  /** Default: the platform's. */
  clock?: Clock | undefined
  /** false; lets `tokenEndpoint` be http on a host that is not loopback. */
  allowInsecureHttp?: boolean | undefined
}

/** The options as checked, with their defaults. */
export interface TokenProviderSettings {
  readonly clientId: string
  readonly tokenEndpoint: string
  readonly access: RequestedAccess
  readonly parameters: Readonly<Record<string, string>>
  readonly assertion: AssertionForm
  readonly credential: Credential
  readonly early: number
  readonly waitUntil: ((renewal: Promise<unknown>) => void) | undefined
  readonly timeout: number
  readonly retries: number
  readonly fetch: TokenFetch
  /** Whether `fetch` ends at the platform's: none was given, or one with {@link platformFetch}. */
  readonly isPlatformFetch: boolean
  readonly store: TokenStore | undefined
  readonly partition: string | undefined
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
    'alg',
    'kid',
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
    'partition',
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
    ...readAssertionOptions(read, { clientId, tokenEndpoint }),
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
    isPlatformFetch: read.fetch === undefined || isPlatformFetch(read.fetch),
    store: readMethods(read.store, 'store', ['get', 'set', 'delete']),
    partition: checkPartition(read.partition),
    onEvent: readFunction(read.onEvent, 'onEvent'),
    clock: readMethods(read.clock, 'clock', ['now', 'monotonic', 'wait']) ?? systemClock,
  }
}

/** Marks a function that only passes on to the platform's `fetch`, as `countersign doctor` does. */
const platformFetch = Symbol.for('countersign.platform-fetch')

function isPlatformFetch(fetch: unknown): boolean {
  return typeof fetch === 'function' && Object.hasOwn(fetch, platformFetch)
}

/** RFC 6749 appendix A.1. A space at an end comes from a file or a variable. */
const clientIdSyntax = /^(?! )[\x20-\x7e]{1,1024}(?<! )$/

function checkClientId(clientId: unknown): string {
  if (typeof clientId === 'string' && clientIdSyntax.test(clientId)) return clientId
  const what =
    clientId === undefined
      ? 'is missing (is the environment variable set?)'
      : 'must be 1 to 1,024 printable ASCII characters, without a space at either end'
  throw invalidOption('clientId', what, 'ERR_INVALID_CLIENT_ID')
}

function checkPartition(partition: unknown): string | undefined {
  if (partition === undefined) return undefined
  if (typeof partition === 'string' && partition !== '' && partition.length <= 1024)
    return partition
  throw invalidOption('partition', 'must be a string of 1 to 1,024 characters')
}

function checkParameters(parameters: unknown): Readonly<Record<string, string>> {
  if (parameters === undefined) return {}
  if (!isObject(parameters)) {
    throw invalidOption('parameters', 'must be an object of strings')
  }
  const checked = snapshot(parameters) as Record<string, string>
  for (const [name, value] of Object.entries<unknown>(checked)) {
    if (reservedParameters.includes(name)) {
      throw new ConfigurationError(
        'ERR_RESERVED_PARAMETER',
        `The option 'parameters' may not set '${name}': it has an option of its own or is made here.`,
        `parameters.${name}`,
      )
    }
    if (typeof value !== 'string')
      throw new ConfigurationError(
        'ERR_INVALID_OPTION',
        "Every member of the option 'parameters' must be a string.",
        'parameters',
      )
  }
  return checked
}
