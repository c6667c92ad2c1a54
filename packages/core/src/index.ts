export type { AccessToken, StoredToken } from './access-token.js'
export type { AssertionSigner } from './assertion/assertion-signer.js'
export type { Clock } from './clock.js'
export {
  ConfigurationError,
  CountersignError,
  ForeignOriginError,
  isCountersignError,
  KeyError,
  ProviderClosedError,
  TokenEndpointError,
  TokenResponseError,
  TokenTransportError,
  tokenErrorOf,
} from './errors.js'
export type { TokenEvent } from './events.js'
export type { Algorithm } from './keys/algorithms.js'
export type { Jwk, KeyInput, KeyObjectLike, KeyWithHeader } from './keys/key-input.js'
export { redactError } from './redact-error.js'
export type {
  AuthorizationOptions,
  RequestAuthorization,
  RequestEvent,
} from './resource/request-event.js'
export { memoryStore } from './store/memory-store.js'
export type { TokenStore } from './store/token-store.js'
export type { TokenFetch } from './token-endpoint/token-request.js'
export { createTokenProvider } from './token-provider.js'
export type { TokenProviderOptions } from './token-provider-options.js'
export type {
  AccessTokenOptions,
  InvalidateOptions,
  TokenProvider,
  TokenSource,
  TokenStatus,
} from './token-source.js'
