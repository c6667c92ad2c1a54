import { expect, test } from 'vitest'
import type { Seen } from '../../../support/recording-api.ts'
import { type HostUnderTest, startClient } from '../host.ts'

const text = 'grüße & 你好'
const bytes = Uint8Array.from([0, 255, 10, 13, 128, 7])

const replayable: Record<string, () => { body?: unknown; json?: unknown; arrives: Buffer }> = {
  JSON: () => ({ json: { text }, arrives: Buffer.from(JSON.stringify({ text })) }),
  'a text': () => ({ body: text, arrives: Buffer.from(text) }),
  'an empty text': () => ({ body: '', arrives: Buffer.alloc(0) }),
  URLSearchParams: () => {
    const body = new URLSearchParams(`a=${encodeURIComponent(text)}&a=%2B+%3D`)
    return { body, arrives: Buffer.from(String(body)) }
  },
  'a Buffer': () => ({ body: Buffer.from(bytes), arrives: Buffer.from(bytes) }),
  'an ArrayBuffer': () => ({ body: bytes.slice().buffer, arrives: Buffer.from(bytes) }),
  'a typed array': () => ({ body: bytes.slice(), arrives: Buffer.from(bytes) }),
  'a Blob': () => ({
    body: new Blob([bytes], { type: 'image/x-test' }),
    arrives: Buffer.from(bytes),
  }),
  'a File': () => ({
    body: new File([text], 'a.txt', { type: 'text/x-test' }),
    arrives: Buffer.from(text),
  }),
}

/** Promise 6: what is sent a second time is what was sent the first time, or nothing is. */
export function replaying(host: HostUnderTest): void {
  test.each(Object.keys(replayable))(
    '%s is replayed byte for byte',
    { tags: ['promise-6', 'U11'] },
    async (kind) => {
      const { server, tokens, api, client } = await startClient(host)
      await tokens.getAccessToken()
      server.revokeAll()
      const { arrives, ...content } = replayable[kind]?.() ?? expect.unreachable()

      const { status } = await client.send({
        ...{ method: 'POST', url: '/x' },
        headers: { 'x-custom': 'kept' },
        ...content,
      })

      expect(status).toBe(200)
      const [denied, replay] = api.seen as [Seen, Seen]
      expect(denied.body).toEqual(arrives)
      expect(replay.body).toEqual(arrives)
      expect(comparable(replay)).toEqual(comparable(denied))
      expect(replay.headers['x-custom']).toBe('kept')
      expect(replay.authorization).not.toBe(denied.authorization)
    },
  )

  test('a form is replayed part for part, with the boundary that its header names', {
    tags: ['promise-6', 'U11'],
  }, async () => {
    const { server, tokens, api, client } = await startClient(host)
    await tokens.getAccessToken()
    server.revokeAll()
    const form = new FormData()
    form.append('text', text)
    form.append('file', new Blob([bytes], { type: 'image/x-test' }), 'a.bin')

    expect((await client.send({ method: 'POST', url: '/x', body: form })).status).toBe(200)

    const [denied, replay] = await Promise.all(api.seen.map(parts))
    expect(denied).toEqual([
      ['text', text],
      ['file', 'a.bin', 'image/x-test', Buffer.from(bytes)],
    ])
    expect(replay).toEqual(denied)
  })

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
    'a %s that was refused is replayed',
    { tags: ['promise-6', 'U13'] },
    async (method) => {
      const { server, tokens, api, client } = await startClient(host)
      await tokens.getAccessToken()
      server.revokeAll()

      expect((await client.send({ method, url: '/x' })).status).toBe(200)

      expect(api.seen.map((seen) => `${seen.method} ${seen.status}`)).toEqual([
        `${method} 401`,
        `${method} 200`,
      ])
    },
  )

  test.each(Object.keys(host.oneShotBodies))(
    '%s is read once: the 401 arrives, never an empty body, and the next call works',
    { tags: ['promise-6', 'U12'] },
    async (kind) => {
      const { server, tokens, api, requestEvents, client } = await startClient(host)
      await tokens.getAccessToken()
      server.revokeAll()
      const body = host.oneShotBodies[kind]?.()

      const answered = await client.send({ method: 'POST', url: '/x', body })
      const after = await client.send({ method: 'POST', url: '/after', body: 'plain' })

      expect(answered).toEqual({ status: 401, text: 'no' })
      expect(after.status).toBe(200)
      expect(api.seen.map(({ url }) => url)).toEqual(['/x', '/after'])
      expect(api.seen[0]?.body.includes('streamed')).toBe(true)
      expect(server.requests).toHaveLength(2)
      expect(requestEvents).toEqual([
        { type: 'replay-skipped', reason: 'one-shot-body', origin: api.origin, method: 'POST' },
      ])
    },
  )
}

/** What two sends of one body have in common. */
function comparable({ method, url, headers: { authorization, ...headers } }: Seen): unknown {
  return { method, url, headers }
}

async function parts({ headers, body }: Seen): Promise<unknown[]> {
  const form = await new Response(Uint8Array.from(body), {
    headers: { 'content-type': String(headers['content-type']) },
  }).formData()
  return Promise.all(
    [...form].map(async ([name, value]) =>
      typeof value === 'string'
        ? [name, value]
        : [name, value.name, value.type, Buffer.from(await value.arrayBuffer())],
    ),
  )
}
