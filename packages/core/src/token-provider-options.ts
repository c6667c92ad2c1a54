import { readAssertionOptions } from './assertion/assertion-options.js'
import type { AssertionSigner } from './assertion/assertion-signer.js'
import { type Clock, longestTimer, systemClock, type WaitingClock } from './clock.js'
import { ConfigurationError } from './errors.js'
import type { TokenEvent } from './events.js'
import { type Algorithm, readAlgorithm } from './keys/algorithms.js'
import type { KeyInput } from './keys/key-input.js'
import * as option from './options.js'
import { parseResource, parseScope } from './requested-access.js'
import { isObject, snapshot } from './snapshot.js'
import type { TokenStore } from './store/token-store.js'
import { checkTokenEndpoint } from './token-endpoint/endpoint-url.js'
import { reservedParameters, type TokenFetch } from './token-endpoint/token-request.js'

/**
 * The options of `createTokenProvider`, read once. Durations are in milliseconds, except where the
 * name says seconds.
 */
export interface TokenProviderOptions {
  /**
   * The client ID registered with the authorization server: 1 to 1,024 printable ASCII characters.
   * `undefined` compiles, for `process.env`, and throws.
   *
   * @example 'billing-service'
   */
  clientId: string | undefined
  /**
   * The URL of the token endpoint: https, or http to `localhost`, `127.0.0.1` or `[::1]`. A string
   * is sent and signed byte for byte, a `URL` as its `href`.
   *
   * @example 'https://login.example.com/token'
   */
  tokenEndpoint: string | URL | undefined
  /**
   * The private key, or a function that returns it and is called for each token request. Pass
   * either `key` or `signer`.
   *
   * @example process.env.PRIVATE_KEY
   */
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
   * @example 'key-2026'
   */
  kid?: string | undefined
  /**
   * Signs with a key outside of this process, such as in a KMS or an HSM. Pass either `key` or
   * `signer`.
   */
  signer?: AssertionSigner | undefined
  /**
   * The scope to request, as a string or an array of scope tokens (RFC 6749 section 3.3).
   *
   * @default none: the authorization server chooses
   * @example 'accounts:read payments:write'
   */
  scope?: string | readonly string[] | undefined
  /**
   * The resource indicators to request (RFC 8707): absolute URIs without a fragment.
   *
   * @default none
   * @example 'https://api.example.com'
   */
  resource?: string | URL | readonly (string | URL)[] | undefined
  /**
   * Additional form fields of the token request. A field that Countersign sets itself throws
   * `ERR_RESERVED_PARAMETER`.
   *
   * @default none
   * @example { audience: 'https://api.example.com' }
   */
  parameters?: Readonly<Record<string, string>> | undefined
  /** The client assertion (RFC 7523 section 3). */
  assertion?:
    | {
        /**
         * The `aud` claim, exactly as the authorization server expects it.
         *
         * @default `tokenEndpoint`
         * @example 'https://login.example.com'
         */
        audience?: string | URL | undefined
        /**
         * The lifetime of an assertion in seconds, from 10 to 300. `iat` is 5 seconds in the past, and
         * `exp` is `iat` plus this lifetime.
         *
         * @default 60
         */
        lifetimeSeconds?: number | undefined
        /**
         * The `typ` of the assertion header.
         *
         * @default 'JWT'
         * @example 'client-authentication+jwt'
         */
        typ?: string | undefined
        /**
         * Additional claims. `iss`, `sub`, `aud`, `jti`, `iat` and `exp` are set by Countersign.
         *
         * @default none
         * @example { tenant: 'acme' }
         */
        claims?: Readonly<Record<string, unknown>> | undefined
        /**
         * Additional header members. `alg`, `kid` and `typ` are set by Countersign.
         *
         * @default none
         * @example { x5t: 'GvnPApfWMdLRi8PDmisFn7bprKg' }
         */
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
         *
         * @default none
         */
        waitUntil?: ((renewal: Promise<unknown>) => void) | undefined
      }
    | undefined
  /**
   * The time limit for obtaining a token, in milliseconds: key, signature, attempts and pauses. One
   * attempt has half of it.
   *
   * @default 10_000
   */
  timeout?: number | undefined
  /**
   * How many times a token request is retried after network failures, timeouts and the statuses
   * 408, 425, 429 and 5xx. From 0 to 10.
   *
   * @default 2
   */
  retries?: number | undefined
  /**
   * Sends the token request, for example through a proxy or with a client certificate.
   *
   * @default `globalThis.fetch`, read at each call
   */
  fetch?: TokenFetch | undefined
  /**
   * Shares tokens between processes.
   *
   * @default none: each provider keeps its own tokens in memory, at most 1,000
   */
  store?: TokenStore | undefined
  /**
   * Separates tokens in a shared store that no other option distinguishes, such as those that a custom
   * `fetch` requests with a tenant's header or client certificate. It is part of the token's key
   * and is never sent.
   *
   * @default none
   * @example 'tenant-7'
   */
  partition?: string | undefined
  /**
   * Called with each event. Its errors are ignored.
   *
   * @default none
   * @example (event) => log.info(event)
   */
  onEvent?: ((event: TokenEvent) => void) | undefined
  /**
   * The clocks and timers that the provider uses. Tests pass one that they can set.
   *
   * @default the platform's
   */
  clock?: Clock | undefined
  /**
   * Allows a `tokenEndpoint` with plain http on a host that is not loopback.
   *
   * @default false
   */
  allowInsecureHttp?: boolean | undefined
}

const renewalTable = {
  early: option.milliseconds({ from: 0, to: longestTimer, default: 60_000 }),
  waitUntil: option.callback<(renewal: Promise<unknown>) => void>(),
} satisfies option.OptionTable<NonNullable<TokenProviderOptions['renewal']>>

const providerTable = {
  clientId: readClientId,
  tokenEndpoint: option.readUrlText,
  key: option.acceptAny,
  passphrase: option.text,
  alg: readAlgorithm,
  kid: option.text,
  signer: option.acceptAny,
  scope: parseScope,
  resource: parseResource,
  parameters: readParameters,
  assertion: option.acceptAny,
  renewal: (value = {}, owner) => option.readOptions(value, renewalTable, { owner }),
  timeout: option.milliseconds({ from: 1, to: longestTimer, default: 10_000 }),
  retries: option.wholeNumber({ from: 0, to: 10, default: 2 }),
  fetch: option.callback<TokenFetch>(),
  store: option.objectWith<TokenStore>('get', 'set', 'delete'),
  partition: option.text,
  onEvent: option.callback<(event: TokenEvent) => unknown>(),
  clock: option.objectWith<WaitingClock>('now', 'monotonic', 'wait'),
  allowInsecureHttp: option.flag,
} satisfies option.OptionTable<TokenProviderOptions>

/** Names that other libraries have for these options. */
const pointers = {
  clientSecret: "There is no shared secret: pass the client's private key as 'key'.",
  privateKey: "Pass the private key as 'key'.",
  tokenUrl: "Pass the URL as 'tokenEndpoint'.",
  issuer: "Pass the URL of the issuer's token endpoint as 'tokenEndpoint'.",
  audience: "Pass 'assertion.audience', or 'parameters.audience' for a form field of that name.",
  lifetime: "Pass 'assertion.lifetimeSeconds'.",
}

/** The options as checked, with their defaults. */
export type TokenProviderSettings = ReturnType<typeof readTokenProviderOptions>

/** @throws {ConfigurationError} naming the option. */
export function readTokenProviderOptions(options: TokenProviderOptions) {
  const read = option.readOptions(options, providerTable, { pointers })
  const { clientId, scope, resource, parameters, renewal, timeout, retries } = read
  const { store, partition, onEvent, clock = systemClock } = read
  const tokenEndpoint = checkTokenEndpoint(read.tokenEndpoint, read.allowInsecureHttp)
  const fetch: TokenFetch = read.fetch ?? ((url, init) => globalThis.fetch(url, init))
  return {
    ...{ clientId, tokenEndpoint, parameters, timeout, retries, store, partition, onEvent, clock },
    ...readAssertionOptions(read, { clientId, tokenEndpoint }),
    ...renewal,
    access: { scope, resource },
    fetch,
    /** Whether `fetch` ends at the platform's. */
    isPlatformFetch: read.fetch === undefined || Object.hasOwn(fetch, platformFetch),
  }
}

/** Marks a function that only passes on to the platform's `fetch`, as `countersign doctor` does. */
const platformFetch = Symbol.for('countersign.platform-fetch')

/** RFC 6749 appendix A.1. A space at an end comes from a file or a variable. */
const clientIdSyntax = /^(?! )[\x20-\x7e]{1,1024}(?<! )$/

function readClientId(clientId: unknown, name: string): string {
  if (typeof clientId === 'string' && clientIdSyntax.test(clientId)) return clientId
  const what =
    clientId === undefined
      ? 'is missing: pass it, or check that its environment variable is set'
      : 'must be 1 to 1,024 printable ASCII characters, without a space at either end'
  throw option.createOptionError(name, what, 'ERR_INVALID_CLIENT_ID')
}

function readParameters(parameters: unknown = {}, name: string): Readonly<Record<string, string>> {
  const checked = isObject(parameters) ? snapshot(parameters as Record<string, string>) : undefined
  if (checked === undefined || Object.values(checked).some((value) => typeof value !== 'string'))
    throw option.createOptionError(name, 'must be an object of strings')
  const reserved = Object.keys(checked).find((field) => reservedParameters.includes(field))
  if (reserved === undefined) return checked
  throw new ConfigurationError(
    'ERR_RESERVED_PARAMETER',
    `Option 'parameters' must not set '${reserved}': Countersign sets it from another option.`,
    `parameters.${reserved}`,
  )
}
