import { generateKeyPairSync } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import {
  createTokenProvider,
  type RequestEvent,
  type TokenEvent,
  type TokenProvider,
} from '@countersign/core'
import {
  type AuthorizationServer,
  createAuthorizationServer,
  createManualClock,
  type ManualClock,
} from '@countersign/testing'
import { onTestFinished } from 'vitest'
import { type Answer, type RecordingApi, startRecordingApi } from './recording-api.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const keys = [publicKey.export({ format: 'jwk' }) as { kty: string }]

/** Authorization server, API and provider, all real, on a clock that stands still. */
export interface World {
  readonly clock: ManualClock
  readonly server: AuthorizationServer
  readonly tokens: TokenProvider
  /** Accepts the live tokens of the server. */
  readonly api: RecordingApi
  /** An origin that is never named; it answers 200. */
  readonly evil: RecordingApi
  readonly requestEvents: RequestEvent[]
  readonly onEvent: (event: RequestEvent) => void
  refusals(): TokenEvent[]
  /** Another provider of the same client. */
  provider(): TokenProvider
}

export async function startWorld(): Promise<World> {
  const clock = createManualClock(Date.now())
  const server = await createAuthorizationServer({ clock })
  server.register({ clientId: 'client', jwks: { keys } })
  const api = await startRecordingApi(bearer(server))
  const evil = await startRecordingApi((response) => void response.end('evil'))
  onTestFinished(async () => {
    await Promise.all([server.close(), api.close(), evil.close()])
  })
  const tokenEvents: TokenEvent[] = []
  const requestEvents: RequestEvent[] = []
  const provider = () =>
    createTokenProvider({
      clientId: 'client',
      tokenEndpoint: server.tokenEndpoint,
      key: privateKey,
      clock,
      onEvent: (event) => void tokenEvents.push(event),
    })
  return {
    ...{ clock, server, api, evil, requestEvents, provider },
    tokens: provider(),
    onEvent: (event) => void requestEvents.push(event),
    refusals: () => tokenEvents.filter(({ type }) => type === 'token-refused'),
  }
}

/** An API that accepts the live tokens of the server. */
export async function startApi(
  server: AuthorizationServer,
  tls?: { key: string; cert: string },
): Promise<RecordingApi> {
  const api = await startRecordingApi(bearer(server), tls)
  onTestFinished(() => api.close())
  return api
}

function bearer(server: AuthorizationServer): Answer {
  return (response, { authorization = '' }) => {
    if (server.isLive(authorization.replace(/^Bearer /, ''))) response.end('ok')
    else response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end('no')
  }
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate()
}
