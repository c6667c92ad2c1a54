export type { AnsweredRequest, ReceivedRequest } from './answered-request.js'
export {
  type AnsweredTokenServerRequest,
  type AuthorizationServer,
  type AuthorizationServerOptions,
  createAuthorizationServer,
  type TokenRequestRecord,
} from './authorization-server.js'
export type { ClientRegistration } from './client-registration.js'
export type { Fault } from './fault.js'
export {
  createFaultServer,
  type FaultConnectionRecord,
  type FaultRequestRecord,
  type FaultServer,
  type FaultServerOptions,
} from './fault-server.js'
export { createManualClock, type ManualClock } from './manual-clock.js'
export {
  createResourceServer,
  type ResourceRequestRecord,
  type ResourceServer,
  type ResourceServerOptions,
} from './resource-server.js'
export type { ScriptedAnswer } from './scripted-answer.js'
export { type StaticTokenProvider, staticTokenProvider } from './static-token-provider.js'
export { isAssertionType, readStrictJwt, type StrictJwt } from './strict-jwt.js'
export { type ConformanceCase, tokenStoreSuite } from './token-store-suite.js'
