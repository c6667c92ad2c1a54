import type { Clock, TokenProvider, TokenStore } from '@countersign/core'
import {
  createAuthorizationServer,
  createFaultServer,
  createManualClock,
  createResourceServer,
  staticTokenProvider,
  tokenStoreSuite,
} from '@countersign/testing'

declare const make: () => Promise<TokenStore>

const clock = createManualClock()
await using server = await createAuthorizationServer({ clock, lifetimeSeconds: 60, format: 'jwt' })
server.register({ clientId: 'client', jwks: { keys: [{ kty: 'EC' }] }, algorithms: ['ES256'] })
server.next({ status: 503, headers: { 'retry-after': '1' } }, { drop: 'inside-body' })
await using api = await createResourceServer(server)
await using _faults = await createFaultServer()
await clock.advance(1_000)
export const time: Clock = clock
export const tokens: TokenProvider = staticTokenProvider('t')
export const bodies: Uint8Array[] = api.requests.map(({ body }) => body)
for (const { name, run } of tokenStoreSuite(make)) await run().catch(() => name)

// @ts-expect-error 2322: opaque or jwt
createAuthorizationServer({ format: 'saml' })
// @ts-expect-error 2345: its keys are missing
server.register({ clientId: 'client' })
// @ts-expect-error 2322: no such place
server.next({ drop: 'after-body' })
// @ts-expect-error 2540: counted, not set
server.issued = 0
// @ts-expect-error 2345: of which authorization server
createResourceServer({})
// @ts-expect-error 2322: a store is awaited
tokenStoreSuite(() => undefined)
