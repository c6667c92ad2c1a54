export { discardBody } from './discard-body.js'
export { isSameOrigin } from './http-url.js'
export { requireArgument } from './options.js'
export { createFetchAuthorizer } from './resource/authorized-fetch.js'
export { createAuthorizer, requireTokenSource } from './resource/authorizer.js'
export { isReplayableBody, watchBodyStream } from './resource/body.js'
export type { HttpClient } from './resource/exchange.js'
export { requireSafeRedirects } from './resource/fetch-client.js'
export type { FetchCall } from './resource/fetch-exchange.js'
export {
  type AttachedProvider,
  createOriginRule,
  readBaseOrigin,
  requireSeparateOrigins,
} from './resource/origins.js'
