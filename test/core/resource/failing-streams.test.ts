import { createReadStream } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough, type Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { addAuthorization } from '@countersign/axios-interceptor'
import type { TokenProvider } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { authorizationHooks } from '@countersign/ky-hook'
import axios from 'axios'
import FormData from 'form-data'
import ky from 'ky'
import { expect, onTestFinished, test } from 'vitest'
import { startWorld, until } from '../../support/world.ts'

type Post = (url: string, body: Readable, tokens?: TokenProvider) => Promise<unknown>

/** A client with a provider, or the client alone. */
const clients: Record<string, Post> = {
  'axios, http': (url, body, tokens) => throughAxios('http', { url, body, tokens }),
  'axios, fetch': (url, body, tokens) => throughAxios('fetch', { url, body, tokens }),
  ky: (url, body, tokens) => throughKy({}, { url, body, tokens }),
  'ky with a hook that may replace the request': (url, body, tokens) =>
    throughKy({ beforeRequest: [() => {}] }, { url, body, tokens }),
  fetch: (url, body, tokens) => {
    const send = tokens ? authorizedFetch(tokens, { origins: [new URL(url).origin] }) : fetch
    return send(url, { method: 'POST', body, duplex: 'half' } as never)
  },
}

interface Sending {
  readonly url: string
  readonly body: Readable
  readonly tokens: TokenProvider | undefined
}

function throughAxios(adapter: string, { url, body, tokens }: Sending): Promise<unknown> {
  const instance = axios.create({ baseURL: new URL(url).origin, adapter })
  if (tokens) addAuthorization(instance, tokens)
  return instance.post(url, body)
}

function throughKy(hooks: object, { url, body, tokens }: Sending): Promise<unknown> {
  const attach = tokens
    ? { hooks: authorizationHooks(tokens, { origins: [new URL(url).origin] }) }
    : {}
  return ky
    .create(attach)
    .extend({ hooks })
    .post(url, { body, duplex: 'half', retry: 0 } as never)
}

const names = Object.keys(clients) as (keyof typeof clients)[]

/** The members by which a caller distinguishes errors. */
function described(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return thrown
  const { name, message, code, cause } = thrown as Error & { code?: unknown }
  return [thrown.constructor.name, name, message.replace(/:\d+/, ''), code, described(cause)]
}

const rejection = (call: Promise<unknown>) =>
  call.then(
    () => 'resolved',
    (thrown: unknown) => described(thrown),
  )

function listenersOf(stream: Readable): number[] {
  return ['error', 'close', 'ready'].map((event) => stream.listenerCount(event))
}

const failures: Record<string, () => [Readable, () => void]> = {
  'that is destroyed with an error': () => {
    const stream = new PassThrough()
    return [stream, () => stream.destroy(Object.assign(new Error('disk'), { code: 'EIO' }))]
  },
  'that closes without an error': () => {
    const stream = new PassThrough()
    return [stream, () => stream.destroy()]
  },
  'that only emits an error': () => {
    const stream = new PassThrough({ autoDestroy: false })
    return [stream, () => stream.emit('error', new Error('old style'))]
  },
}

for (const name of names) {
  const post = clients[name] as Post

  test.each(Object.entries(failures))(
    `${name}: a stream %s during the wait rejects as without a provider`,
    async (_, make) => {
      const { server, api, evil, tokens } = await startWorld()
      const [alone, failAlone] = make()
      const expected = rejection(post(`${evil.origin}/x`, alone))
      await setImmediate()
      await setImmediate()
      failAlone()
      const release = server.hold()
      const [stream, fail] = make()
      const before = listenersOf(stream)
      const call = rejection(post(`${api.origin}/x`, stream, tokens))
      await until(() => server.requests.length === 1)
      fail()
      expect(await call).toEqual(await expected)
      await setImmediate()
      expect(listenersOf(stream)).toEqual(before)
      expect(api.seen).toEqual([])
      release()
    },
  )

  test(`${name}: a file that cannot be opened in a hold-off leaves the process running`, async () => {
    const { server, api, tokens } = await startWorld()
    server.next({ status: 400, body: { error: 'unauthorized_client' } })
    await tokens.getAccessToken().catch(() => {})
    const stream = createReadStream(new URL('missing', import.meta.url))
    const call = rejection(post(`${api.origin}/x`, stream, tokens))
    expect(JSON.stringify(await call)).toContain('ERR_OAUTH')
    await until(() => stream.closed)
    await setImmediate()
    expect(listenersOf(stream)).toEqual([0, 0, 0])
    expect(server.requests).toHaveLength(1)
  })

  test(`${name}: sends a file after the wait and leaves no listener of the wait`, async () => {
    const { api, tokens } = await startWorld()
    const stream = createReadStream(new URL(import.meta.url))
    await post(`${api.origin}/x`, stream, tokens)
    expect(api.seen[0]?.body.toString()).toContain('leaves no listener of the wait')
    expect(stream.listenerCount('ready')).toBe(0)
  })
}

test('a form of the form-data package keeps the error of its file until it is sent', async () => {
  const { server, api, tokens } = await startWorld()
  const release = server.hold()
  const form = new FormData()
  const file = createReadStream(new URL('missing', import.meta.url))
  form.append('file', file)
  const call = rejection((clients['axios, http'] as Post)(`${api.origin}/x`, form as never, tokens))
  await until(() => server.requests.length === 1 && file.closed)
  release()
  expect(JSON.stringify(await call)).toContain('ENOENT')
})
