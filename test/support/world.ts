import { createTokenProvider, type RequestEvent, type TokenEvent } from '@countersign/core'
import {
  type AuthorizationServer,
  type AuthorizationServerOptions,
  createAuthorizationServer,
  createManualClock,
  createResourceServer,
} from '@countersign/testing'
import { onTestFinished } from 'vitest'
import { clientKey } from './keys.ts'
import { type Answer, type RecordingApi, startRecordingApi } from './recording-api.ts'

export { until } from './waiting.ts'

/** Starts an authorization server that knows the client. It stops at the end of the test. */
export async function startAuthorization(options: AuthorizationServerOptions = {}) {
  const server = await createAuthorizationServer(options)
  onTestFinished(() => server.close())
  server.register({ clientId: 'client', jwks: clientKey.jwks })
  const { tokenEndpoint } = server
  const client = { clientId: 'client', tokenEndpoint, key: clientKey.privateKey }
  /** Creates a provider of the client. */
  const provider = (options: Partial<Parameters<typeof createTokenProvider>[0]> = {}) =>
    createTokenProvider({ ...client, ...options })
  return { server, client, provider }
}

export type World = Awaited<ReturnType<typeof startWorld>>

/** Starts an authorization server, an API and a provider on a clock that stands still. */
export async function startWorld() {
  const clock = createManualClock(Date.now())
  const { server, client } = await startAuthorization({ clock })
  const api = await startApi(server)
  /** An origin that is not listed in `origins`. It answers 200. */
  const evil = await startRecordingApi((response) => void response.end('evil'))
  onTestFinished(() => evil.close())
  const tokenEvents: TokenEvent[] = []
  const requestEvents: RequestEvent[] = []
  const onTokenEvent = (event: TokenEvent) => void tokenEvents.push(event)
  const provider = () => createTokenProvider({ ...client, clock, onEvent: onTokenEvent })
  return {
    ...{ clock, server, api, evil, requestEvents, provider },
    tokens: provider(),
    onEvent: (event: RequestEvent) => void requestEvents.push(event),
    refusals: () => tokenEvents.filter(({ type }) => type === 'token-rejected'),
  }
}

/** The same with the resource server of the test kit, for libraries that expect JSON. */
export async function startKitWorld() {
  const clock = createManualClock()
  const { server, client } = await startAuthorization({ clock })
  const api = await createResourceServer(server)
  onTestFinished(() => api.close())
  const provider = () => createTokenProvider({ ...client, clock })
  const tokens = provider()
  const replaceToken = async () => {
    server.revokeAll()
    await tokens.getAccessToken({ forceRenewal: true })
  }
  return { clock, server, api, tokens, provider, replaceToken }
}

/** Starts an API that accepts the live tokens of the server. */
export async function startApi(
  server: AuthorizationServer,
  tls?: { key: string; cert: string },
): Promise<RecordingApi> {
  const acceptLiveTokens: Answer = (response, { authorization = '' }) => {
    if (server.isLive(authorization.replace(/^Bearer /, ''))) response.end('ok')
    else response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end('no')
  }
  const api = await startRecordingApi(acceptLiveTokens, tls)
  onTestFinished(() => api.close())
  return api
}

/** Describes what the API answered to which token: `['t1 401', 't2 200']`. */
export function story(
  requests: readonly { authorization: string | undefined; status: number }[],
): string[] {
  const known: (string | undefined)[] = [undefined]
  return requests.map(({ authorization, status }) => {
    if (!known.includes(authorization)) known.push(authorization)
    const number = known.indexOf(authorization)
    return `${number === 0 ? 'no token' : `t${number}`} ${status}`
  })
}

/** Returns the bodies of requests as text. */
export function bodiesOf(requests: readonly { body: Uint8Array }[]): string[] {
  return requests.map(({ body }) => Buffer.from(body).toString())
}
