// @module-tag E19

import { generateKeyPairSync } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { addAuthorization } from '@countersign/axios-interceptor'
import { createTokenProvider } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { authorizationHooks } from '@countersign/ky-hook'
import { createAuthorizationServer, createResourceServer } from '@countersign/testing'
import axios from 'axios'
import ky from 'ky'
import { expect, onTestFinished, test } from 'vitest'
import { rejection, until } from '../../support/provider-under-test.ts'

const clientId = 'client-1'
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const keys = [{ kty: 'EC', ...publicKey.export({ format: 'jwk' }) }]
const reason = new Error('the user left')

/** An API, and a provider whose token request is not answered before `release`. */
async function heldUp() {
  const server = await createAuthorizationServer()
  const api = await createResourceServer(server)
  onTestFinished(() => Promise.all([server.close(), api.close()]).then(() => {}))
  server.register({ clientId, jwks: { keys } })
  const release = server.hold()
  const { tokenEndpoint } = server
  const tokens = createTokenProvider({ clientId, tokenEndpoint, key: privateKey })
  /** The API was not asked; the token request goes on, and its token is there for the next. */
  const expectOthersServed = async () => {
    expect(api.requests).toHaveLength(0)
    const other = tokens.getAccessToken()
    release()
    expect(server.isLive((await other).value)).toBe(true)
    expect(server.requests).toHaveLength(1)
  }
  return { server, api, tokens, expectOthersServed }
}

type World = Awaited<ReturnType<typeof heldUp>>
type Call = (world: World, signal: AbortSignal) => Promise<unknown>

const throughAxios = ({ api, tokens }: World) => {
  const instance = axios.create({ baseURL: api.origin })
  addAuthorization(instance, tokens)
  return instance
}

const throughKy = ({ api, tokens }: World) =>
  ky.create({ hooks: authorizationHooks(tokens, { origins: [api.origin] }) })

/** Returns the caller's result one turn of the event loop after it aborted. */
async function gotAfterAbort(world: World, call: Call): Promise<unknown[]> {
  const controller = new AbortController()
  const got: unknown[] = []
  call(world, controller.signal).then(
    () => got.push('an answer'),
    (error: unknown) => got.push(error),
  )
  await until(() => world.server.requests.length === 1)
  expect(got).toEqual([])
  controller.abort(reason)
  await setImmediate()
  return got
}

test.each<[who: string, call: Call]>([
  ['getAccessToken', ({ tokens }, signal) => tokens.getAccessToken({ signal })],
  [
    'fetch',
    ({ api, tokens }, signal) =>
      authorizedFetch(tokens, { origins: [api.origin] })(api.origin, { signal }),
  ],
  ['ky', (world, signal) => throughKy(world).get(world.api.origin, { signal })],
])('an aborted caller of %s gets its own reason at once', async (_, call) => {
  const world = await heldUp()
  const got = await gotAfterAbort(world, call)
  expect(got).toHaveLength(1)
  expect(got[0]).toBe(reason)
  await world.expectOthersServed()
})

test.each<[how: string, call: Call]>([
  ['signal', (world, signal) => throughAxios(world).get('/', { signal })],
  [
    'cancel token',
    (world, signal) => {
      const { token, cancel } = axios.CancelToken.source()
      signal.addEventListener('abort', () => cancel())
      return throughAxios(world).get('/', { cancelToken: token })
    },
  ],
])('a request of axios aborted by its %s is canceled in its words at once', async (_, call) => {
  const world = await heldUp()
  const got = await gotAfterAbort(world, call)
  expect(got).toHaveLength(1)
  expect(axios.isCancel(got[0])).toBe(true)
  expect(got[0]).toMatchObject({
    name: 'CanceledError',
    code: 'ERR_CANCELED',
    message: 'canceled',
  })
  await world.expectOthersServed()
})

test('rejects an axios request that times out meanwhile with the error of axios', async () => {
  const world = await heldUp()
  const error = await rejection(throughAxios(world).get('/', { timeout: 20 }))
  expect(axios.isAxiosError(error)).toBe(true)
  expect(error).toMatchObject({
    name: 'AxiosError',
    code: 'ECONNABORTED',
    message: 'timeout of 20ms exceeded',
  })
  await world.expectOthersServed()
})

test('rejects a ky request that times out meanwhile with the error of ky', async () => {
  const world = await heldUp()
  const { origin } = world.api
  const error = await rejection(throughKy(world).get(origin, { timeout: 20, retry: 0 }))
  expect(error).toMatchObject({
    name: 'TimeoutError',
    message: `Request timed out: GET ${origin}/`,
  })
  await world.expectOthersServed()
})

test.each<[who: string, call: Call]>([
  ['getAccessToken', ({ tokens }, signal) => tokens.getAccessToken({ signal })],
  [
    'fetch',
    ({ api, tokens }, signal) =>
      authorizedFetch(tokens, { origins: [api.origin] })(api.origin, { signal }),
  ],
  ['axios', (world, signal) => throughAxios(world).get('/', { signal })],
  ['ky', (world, signal) => throughKy(world).get(world.api.origin, { signal })],
])('a caller of %s that was aborted before starts no token request', async (_, call) => {
  const world = await heldUp()
  const error = await rejection(call(world, AbortSignal.abort(reason)))
  expect(error === reason || axios.isCancel(error)).toBe(true)
  for (let turn = 0; turn < 10; turn++) await setImmediate()
  expect(world.server.requests).toHaveLength(0)
  expect(world.api.requests).toHaveLength(0)
})
