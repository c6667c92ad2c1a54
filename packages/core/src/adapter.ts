export { createAuthorizer, type Host } from './resource/authorizer.js'
export { createFetchAuthorizer, type FetchCall } from './resource/authorized-fetch.js'
export { originRule } from './resource/origin-rule.js'
export { isReplayableBody } from './resource/replayable-body.js'
