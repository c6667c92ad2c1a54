import { authorizationHooks } from '@countersign/ky-hook'
import ky, { type Hooks, type HTTPError, type Options } from 'ky'
import { beforeEach, describe, expect, test } from 'vitest'
import { refusal } from '../../support/recording-api.ts'
import { bodiesOf, startKitWorld, story } from '../../support/world.ts'

const json = { name: 'é' }

const after503 = { limit: 2, statusCodes: [503], methods: ['get', 'post'], delay: () => 0 }

/** A fetch that notes with which token it is called, and calls the platform's. */
function noting(name: string, sent: string[]): typeof fetch {
  return (input, init) => {
    const headers = new Headers(init?.headers ?? (input as Request).headers)
    sent.push(`${name} ${headers.get('authorization')}`)
    return fetch(input, init)
  }
}

describe('ky.extend with the hooks on each level', () => {
  async function extended() {
    const all = await startKitWorld()
    const hooks = authorizationHooks(all.tokens, { origins: [all.api.origin] })
    const seen: Partial<Hooks>[] = []
    const look = (options: Options) => void seen.push({ ...options.hooks })
    const http = ky
      .create({ prefix: all.api.origin, hooks, retry: 0 })
      .extend({ hooks })
      .extend({ hooks: authorizationHooks(all.tokens, { origins: [all.api.origin] }) })
      .extend({ hooks: { init: [look], beforeRequest: [own] } })
    return { ...all, http, seen }
  }
  const own = () => {}

  test('one token request, one header, one replay', { tags: ['X16'] }, async () => {
    const { http, api, server } = await extended()
    expect(await http.post('warm', { json }).json()).toMatchObject({ ok: true })
    server.revokeAll()

    expect(await http.post('accounts', { json }).json()).toMatchObject({ ok: true })

    expect(story(api.requests)).toEqual(['t1 200', 't1 401', 't2 200'])
    expect(bodiesOf(api.requests)).toEqual(Array(3).fill('{"name":"é"}'))
    for (const { authorization } of api.requests) expect(authorization).toMatch(/^Bearer [^,\s]+$/)
    expect(server.requests).toHaveLength(2)
  })

  test('the guard against ky 1 is taken out, however often it is there', {
    tags: ['X16'],
  }, async () => {
    const { http, seen } = await extended()

    await http.get('accounts')

    expect(seen).toHaveLength(1)
    expect(seen[0]?.init).toHaveLength(4)
    expect(seen[0]?.beforeRequest).toEqual([own])
  })

  test('a replay that is rejected too is not sent a third time', { tags: ['X16'] }, async () => {
    const { http, api, server } = await extended()
    api.next(refusal, refusal)

    const error: unknown = await http.get('accounts').catch((thrown) => thrown)

    expect(error).toMatchObject({ name: 'HTTPError', response: { status: 401 } })
    expect((error as HTTPError).request.headers.get('authorization')).toBeNull()
    expect(story(api.requests)).toEqual(['t1 401', 't2 401'])
    expect(server.requests).toHaveLength(2)
  })

  test('the instance that was extended first keeps a life of its own', async () => {
    const { api, tokens, server } = await startKitWorld()
    const base = ky.create({ prefix: api.origin, throwHttpErrors: false, retry: 0 })
    const http = base.extend({ hooks: authorizationHooks(tokens, { origins: [api.origin] }) })

    expect([(await http.get('a')).status, (await base.get('b')).status]).toEqual([200, 401])

    expect(story(api.requests)).toEqual(['t1 200', 'no token 401'])
    expect(server.requests).toHaveLength(1)
  })
})

/** A ky with our hooks and a real API. */
async function hooked(options: Options = {}) {
  const all = await startKitWorld()
  const ours = authorizationHooks(all.tokens, { origins: [all.api.origin] })
  const http = ky.create({ prefix: all.api.origin, hooks: ours, retry: 0, ...options })
  return { ...all, http }
}

describe("a caller's own fetch", () => {
  const sent: string[] = []
  const own = (name: string) => noting(name, sent)
  beforeEach(() => {
    sent.length = 0
  })

  test.each<[where: string, create: Options, request: Options, called: string]>([
    ['create', { fetch: own('of create') }, {}, 'of create'],
    ['the request', {}, { fetch: own('of the request') }, 'of the request'],
    ['both', { fetch: own('of create') }, { fetch: own('of the request') }, 'of the request'],
  ])('given to %s, it is called once for each send, with its token', async (...row) => {
    const [, create, request, called] = row
    const { http, api, server, tokens } = await hooked(create)
    const first = await tokens.getAccessToken()
    server.revokeAll()

    expect((await http.post('accounts', { json, ...request })).status).toBe(200)

    const second = await tokens.getAccessToken()
    expect(sent).toEqual([`${called} ${first.authorization}`, `${called} ${second.authorization}`])
    expect(story(api.requests)).toEqual(['t1 401', 't2 200'])
  })

  test('it is called once for each retry of ky', { tags: ['U14'] }, async () => {
    const { http, api, tokens } = await hooked({ fetch: own('of create'), retry: after503 })
    const { authorization } = await tokens.getAccessToken()
    api.next({ status: 503 }, { status: 503 })

    expect((await http.get('accounts')).status).toBe(200)

    expect(sent).toEqual(Array(3).fill(`of create ${authorization}`))
    expect(story(api.requests)).toEqual(['t1 503', 't1 503', 't1 200'])
  })
})

describe("ky's own retries", () => {
  test('each attempt has the token of its moment, and the same body', {
    tags: ['U14'],
  }, async () => {
    const { http, api, server, replaceToken } = await hooked({ retry: after503 })
    const retrying = http.extend({ hooks: { beforeRetry: [() => replaceToken()] } })
    api.next({ status: 503 }, { status: 503 })

    expect((await retrying.post('accounts', { json })).status).toBe(200)

    expect(story(api.requests)).toEqual(['t1 503', 't2 503', 't3 200'])
    expect(bodiesOf(api.requests)).toEqual(Array(3).fill('{"name":"é"}'))
    expect(server.requests).toHaveLength(3)
  })

  test('a 401 inside a retry is replayed and costs none of the retries', {
    tags: ['U14'],
  }, async () => {
    const { http, api } = await hooked({ retry: after503 })
    api.next({ status: 503 }, refusal, { status: 503 })

    expect((await http.get('accounts')).status).toBe(200)

    expect(story(api.requests)).toEqual(['t1 503', 't1 401', 't2 503', 't2 200'])
  })

  test('a failed token request is no failure that ky retries', { tags: ['X15'] }, async () => {
    const { http, api, server } = await hooked({ retry: after503 })
    server.next({ status: 400, body: { error: 'unauthorized_client' } })

    await expect(http.get('accounts')).rejects.toMatchObject({
      name: 'TokenEndpointError',
      code: 'ERR_OAUTH',
    })

    expect([server.requests.length, api.requests.length]).toEqual([1, 0])
  })
})
