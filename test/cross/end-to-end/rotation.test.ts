import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  createTokenProvider,
  type Jwk,
  TokenEndpointError,
  type TokenEvent,
} from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { keyThumbprint, publicJwks } from '@countersign/core/keys'
import {
  createAuthorizationServer,
  createManualClock,
  createResourceServer,
} from '@countersign/testing'
import { expect, onTestFinished, test } from 'vitest'

const clientId = 'institution-1'
const scopes = ['accounts', 'transfers', 'users']
const halfMinute = 30_000

/** The private keys as a secret store keeps them: one JWK Set, and the kid of the one that signs. */
interface KeyRing {
  keys: Jwk[]
  active: string
}

async function newKey(): Promise<Jwk & { kid: string }> {
  const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    format: 'jwk',
  })
  return { ...jwk, kid: await keyThumbprint(jwk) }
}

/** Publishes the public part of whatever keys there are when it is asked. */
async function publish(ring: KeyRing): Promise<string> {
  const server = createServer((_, response) => {
    publicJwks(ring.keys).then((jwks) => response.end(JSON.stringify(jwks)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`
}

async function startScene(ring: KeyRing) {
  const clock = createManualClock()
  const server = await createAuthorizationServer({ clock, lifetimeSeconds: 600 })
  const api = await createResourceServer(server)
  onTestFinished(() => Promise.all([server.close(), api.close()]).then(() => {}))
  const events: TokenEvent[] = []
  const renewals = new Set<Promise<unknown>>()
  const tokens = createTokenProvider({
    clientId,
    tokenEndpoint: server.tokenEndpoint,
    key: () => ({ key: JSON.stringify({ keys: ring.keys }), kid: ring.active }),
    clock,
    renewal: { waitUntil: (renewal) => void renewals.add(renewal) },
    onEvent: (event) => void events.push(event),
  })
  const send = authorizedFetch(tokens, { origins: [api.origin] })
  const statuses: number[] = []
  /** Half a minute under load: every scope is called four times at once. */
  const work = async () => {
    await clock.advance(halfMinute)
    const calls = [...scopes, ...scopes, ...scopes, ...scopes].map((scope) =>
      send(`${api.origin}/${scope}`, { countersign: { scope } }),
    )
    for (const response of await Promise.all(calls)) {
      statuses.push(response.status)
      await response.arrayBuffer()
    }
    // The clock stands while sockets are at work.
    await Promise.all(renewals)
    renewals.clear()
  }
  const workFor = async (minutes: number) => {
    for (let at = 0; at < minutes * 60_000; at += halfMinute) await work()
  }
  const kidsSince = (from: number) =>
    server.requests.slice(from).map(({ header }) => String(Reflect.get(header, 'kid')))
  return { clock, server, tokens, events, statuses, workFor, kidsSince }
}

test('publish both, switch, retire: no call and no token request fails', async () => {
  const [old, next] = [await newKey(), await newKey()]
  const ring: KeyRing = { keys: [old], active: old.kid }
  const { server, events, statuses, workFor, kidsSince } = await startScene(ring)
  server.register({ clientId, jwks: await publish(ring) })

  await workFor(15)
  ring.keys = [old, next]
  await workFor(15)
  const switched = server.requests.length
  ring.active = next.kid
  await workFor(15)
  const retired = server.requests.length
  ring.keys = [next]
  await workFor(15)

  expect(new Set(statuses)).toEqual(new Set([200]))
  expect(statuses).toHaveLength(120 * 12)
  expect(new Set(server.requests.map(({ status }) => status))).toEqual(new Set([200]))
  expect(new Set(events.map(({ type }) => type))).toEqual(new Set(['token-issued']))
  expect(new Set(kidsSince(0).slice(0, switched))).toEqual(new Set([old.kid]))
  expect(new Set(kidsSince(switched))).toEqual(new Set([next.kid]))
  expect(server.requests.length).toBeGreaterThan(retired)
})

test('switched before the server has read the new set: the error says so, and old tokens serve', async () => {
  const [old, next] = [await newKey(), await newKey()]
  const ring: KeyRing = { keys: [old], active: old.kid }
  const { clock, server, tokens, events, statuses, workFor } = await startScene(ring)
  const readSet = async () => server.register({ clientId, jwks: await publicJwks(ring.keys) })
  await readSet()
  await workFor(1)
  ring.keys = [old, next]
  ring.active = next.kid

  await workFor(9)
  expect(new Set(statuses)).toEqual(new Set([200]))
  const failed = events.find(({ type }) => type === 'renewal-failed')
  expect(failed).toMatchObject({ type: 'renewal-failed', error: { code: 'ERR_OAUTH' } })

  await clock.advance(10 * 60_000)
  const error = await tokens.getAccessToken({ scope: 'accounts' }).catch((thrown) => thrown)
  expect(error).toBeInstanceOf(TokenEndpointError)
  const { hints, message } = error as TokenEndpointError
  expect(hints[0]).toContain('has not read the new JWK Set yet')
  expect(hints[0]).toContain(next.kid)
  expect(message).toContain(hints[0]?.slice(1))

  await readSet()
  await clock.advance(10 * 60_000)
  expect((await tokens.getAccessToken({ scope: 'accounts' })).value).toMatch(/./)
  expect(server.requests.at(-1)).toMatchObject({ status: 200, header: { kid: next.kid } })
})
