import { createReadStream } from 'node:fs'
import { PassThrough, type Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { addAuthorization } from '@countersign/axios-interceptor'
import type { TokenProvider } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { authorizationHooks } from '@countersign/ky-hook'
import axios from 'axios'
import FormData from 'form-data'
import ky from 'ky'
import { describe, expect, test } from 'vitest'
import { rejection } from '../../support/waiting.ts'
import { startWorld, until } from '../../support/world.ts'

type Post = (url: string, body: unknown, tokens?: TokenProvider) => Promise<unknown>

/** A client with a provider, or the client alone. */
const clients: Record<string, Post> = {
  'axios, http': (...sending) => throughAxios('http', ...sending),
  'axios, fetch': (...sending) => throughAxios('fetch', ...sending),
  ky: (...sending) => throughKy({}, ...sending),
  'ky with a hook that may replace the request': (...sending) =>
    throughKy({ beforeRequest: [() => {}] }, ...sending),
  fetch: (url, body, tokens) => {
    const send = tokens ? authorizedFetch(tokens, { origins: [new URL(url).origin] }) : fetch
    return send(url, { method: 'POST', body, duplex: 'half' } as never)
  },
}

function throughAxios(adapter: string, ...[url, body, tokens]: Parameters<Post>) {
  const instance = axios.create({ baseURL: new URL(url).origin, adapter })
  if (tokens) addAuthorization(instance, tokens)
  return instance.post(url, body)
}

function throughKy(hooks: object, ...[url, body, tokens]: Parameters<Post>): Promise<unknown> {
  const attached = tokens && authorizationHooks(tokens, { origins: [new URL(url).origin] })
  const api = ky.create(attached ? { hooks: attached } : {}).extend({ hooks })
  return api.post(url, { body, duplex: 'half', retry: 0 } as never)
}

/** Returns the members by which a caller distinguishes errors. */
async function described(call: Promise<unknown>): Promise<unknown> {
  return describeError(await rejection(call))
}

function describeError(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return thrown
  const { name, message, code, cause } = thrown as Error & { code?: unknown }
  return [thrown.constructor.name, name, message.replace(/:\d+/, ''), code, describeError(cause)]
}

function listenersOf(stream: Readable): number[] {
  return ['error', 'close', 'ready'].map((event) => stream.listenerCount(event))
}

const diskError = Object.assign(new Error('disk'), { code: 'EIO' })

describe.each(Object.entries(clients))('%s', (_, post) => {
  test.each<[string, (stream: Readable) => unknown]>([
    ['is destroyed with an error', (stream) => stream.destroy(diskError)],
    ['closes without an error', (stream) => stream.destroy()],
    ['only emits an error', (stream) => stream.emit('error', new Error('old style'))],
  ])('rejects as without a provider if a stream %s during the wait', async (_, fail) => {
    const { server, api, evil, tokens } = await startWorld()
    const alone = new PassThrough({ autoDestroy: false })
    const expected = described(post(`${evil.origin}/x`, alone))
    await setImmediate()
    await setImmediate()
    fail(alone)
    const release = server.hold()
    const stream = new PassThrough({ autoDestroy: false })
    const before = listenersOf(stream)
    const call = described(post(`${api.origin}/x`, stream, tokens))
    await until(() => server.requests.length === 1)
    fail(stream)
    expect(await call).toEqual(await expected)
    await setImmediate()
    expect(listenersOf(stream)).toEqual(before)
    expect(api.seen).toEqual([])
    release()
  })

  test('a file that cannot be opened in a hold-off leaves the process running', async () => {
    const { server, api, tokens } = await startWorld()
    server.next({ status: 400, body: { error: 'unauthorized_client' } })
    await tokens.getAccessToken().catch(() => {})
    const stream = createReadStream(new URL('missing', import.meta.url))
    const call = described(post(`${api.origin}/x`, stream, tokens))
    expect(JSON.stringify(await call)).toContain('ERR_OAUTH')
    await until(() => stream.closed)
    await setImmediate()
    expect(listenersOf(stream)).toEqual([0, 0, 0])
    expect(server.requests).toHaveLength(1)
  })

  test('sends a file after the wait and leaves no listener of the wait', async () => {
    const { api, tokens } = await startWorld()
    const stream = createReadStream(new URL(import.meta.url))
    await post(`${api.origin}/x`, stream, tokens)
    expect(api.seen[0]?.body.toString()).toContain('leaves no listener of the wait')
    expect(stream.listenerCount('ready')).toBe(0)
  })
})

test('a form of the form-data package keeps the error of its file until it is sent', async () => {
  const { server, api, tokens } = await startWorld()
  const release = server.hold()
  const form = new FormData()
  const file = createReadStream(new URL('missing', import.meta.url))
  form.append('file', file)
  const call = rejection(throughAxios('http', `${api.origin}/x`, form, tokens))
  await until(() => server.requests.length === 1 && file.closed)
  release()
  expect(await call).toMatchObject({ code: 'ENOENT' })
})
