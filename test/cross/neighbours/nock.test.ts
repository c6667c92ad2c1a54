import nock from 'nock'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { providerFor } from '../../support/provider-under-test.ts'
import { refusal } from '../../support/recording-api.ts'
import { bodiesOf, startKitWorld, story } from '../../support/world.ts'
import { clients } from './clients.ts'

const login = 'https://login.example.com'
const origin = 'https://api.example.com'
const accounts = { name: 'é' }

/** The requests of nock, in order. */
let seen: string[] = []
const stray = ({ method, path }: { method?: string; path?: string }) =>
  seen.push(`no match: ${method} ${path}`)

beforeEach(() => {
  seen = []
  nock.emitter.on('no match', stray)
  nock.disableNetConnect()
})
afterEach(() => {
  nock.emitter.off('no match', stray)
  nock.cleanAll()
  nock.enableNetConnect()
})

/** One token response with this token, then one answer of the API to it. */
function expectExchange(token: string, status: number) {
  nock(login)
    .post('/token', ({ grant_type }) => grant_type === 'client_credentials')
    .reply(() => {
      seen.push(`token request: ${token}`)
      return [200, { access_token: token, token_type: 'Bearer', expires_in: 600 }]
    })
  nock(origin, { reqheaders: { authorization: `Bearer ${token}` } })
    .post('/accounts', accounts)
    .reply(() => {
      seen.push(`API call: ${token}`)
      return [status, { ok: status === 200 }]
    })
}

describe.each(clients)('nock and %s', (_, create) => {
  test('token request and API call are seen once each', async () => {
    expectExchange('t1', 200)
    const post = create(providerFor(`${login}/token`).tokens, origin)

    expect(await post('accounts', accounts)).toEqual({ ok: true })

    expect(seen).toEqual(['token request: t1', 'API call: t1'])
    expect(nock.isDone()).toBe(true)
  })

  test('a mocked 401 is renewed and replayed, body and all', { tags: ['U1'] }, async () => {
    expectExchange('t1', 401)
    expectExchange('t2', 200)
    const post = create(providerFor(`${login}/token`).tokens, origin)

    expect(await post('accounts', accounts)).toEqual({ ok: true })

    expect(seen).toEqual(['token request: t1', 'API call: t1', 'token request: t2', 'API call: t2'])
    expect(nock.isDone()).toBe(true)
  })

  test('what nock lets through reaches the real servers once each', async () => {
    nock.enableNetConnect('127.0.0.1')
    const { server, api, tokens } = await startKitWorld()
    const post = create(tokens, api.origin)
    api.next(refusal)

    expect(await post('accounts', accounts)).toMatchObject({ ok: true, url: '/accounts' })

    expect(story(api.requests)).toEqual(['t1 401', 't2 200'])
    expect(bodiesOf(api.requests)).toEqual(Array(2).fill('{"name":"é"}'))
    expect(server.requests).toHaveLength(2)
  })
})
