export { type AssertionExpectations, checkAssertion } from './assertion-rules.js'
export {
  type AnsweredTokenServerRequest,
  type AuthorizationServer,
  type AuthorizationServerOptions,
  createAuthorizationServer,
} from './authorization-server.js'
export type { ClientRegistration } from './client-registration.js'
export { failingTokenProvider, type TokenFailure } from './failing-token-provider.js'
export type { Fault } from './fault.js'
export {
  createFaultServer,
  type FaultConnectionRecord,
  type FaultRequestRecord,
  type FaultServer,
  type FaultServerOptions,
} from './fault-server.js'
export type { JwtFinding } from './finding.js'
export type {
  AnsweredRequest,
  LoopbackServer,
  LoopbackServerOptions,
  ReceivedRequest,
} from './loopback-server.js'
export { createManualClock, type ManualClock } from './manual-clock.js'
export {
  createResourceServer,
  type ResourceRequestRecord,
  type ResourceServer,
  type ResourceServerOptions,
} from './resource-server.js'
export type { ScriptedAnswer } from './scripted-answer.js'
export { checkSignature, type VerificationKeys } from './signature.js'
export { type StaticTokenProvider, staticTokenProvider } from './static-token-provider.js'
export { readStrictJwt, type StrictJwt } from './strict-jwt.js'
export { createTestClient, type TestClient } from './test-client.js'
export { checkTimes } from './time-rules.js'
export type { TokenRequestRecord } from './token-endpoint.js'
export { type ConformanceCase, tokenStoreSuite } from './token-store-suite.js'
