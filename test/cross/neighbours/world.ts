import { generateKeyPairSync } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { inspect } from 'node:util'
import { type Clock, createTokenProvider } from '@countersign/core'
import {
  createAuthorizationServer,
  createManualClock,
  createResourceServer,
} from '@countersign/testing'
import { onTestFinished } from 'vitest'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** What the client registers at the authorization server. */
const jwks = { keys: [publicKey.export({ format: 'jwk' }) as { kty: string }] }

export const refused = {
  status: 401,
  headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
}

/** A provider of the registered client, for this token endpoint. */
export function provider(tokenEndpoint: string, clock?: Clock) {
  const options = { clientId: 'client', tokenEndpoint, key: privateKey }
  return createTokenProvider(clock === undefined ? options : { ...options, clock })
}

/** Authorization server, API and provider, all real, on one clock. They end with the test. */
export async function world() {
  const clock = createManualClock()
  const server = await createAuthorizationServer({ clock })
  const api = await createResourceServer(server)
  onTestFinished(async () => {
    await api.close()
    await server.close()
  })
  server.register({ clientId: 'client', jwks })
  const tokens = provider(server.tokenEndpoint, clock)

  /** The token is over, and the provider has another already. */
  const replaceToken = async () => {
    server.revokeAll()
    await tokens.getAccessToken({ forceRenewal: true })
  }
  return { clock, server, api, tokens, replaceToken }
}

/** What the API answered with which token: `['t1 401', 't2 200']`. */
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

/** Whether a log of it could show the token, hidden members and getters included. */
export function shows(value: unknown, token: string): boolean {
  return inspect(value, { depth: 12, showHidden: true, getters: true }).includes(token)
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate()
}
