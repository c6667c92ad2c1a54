import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { providerFor } from '../../support/provider-under-test.ts'
import { refusal } from '../../support/recording-api.ts'
import { bodiesOf, startKitWorld, story } from '../../support/world.ts'
import { clients } from './clients.ts'

const login = 'https://login.example.com'
const origin = 'https://api.example.com'
const accounts = { name: 'é' }

/** The requests of the handlers, in order. Tokens are numbered as they are issued. */
let seen: string[] = []
let issued = 0
let live = 1

const msw = setupServer(
  http.post(`${login}/token`, async ({ request }) => {
    const form = new URLSearchParams(await request.text())
    seen.push(`token request: ${form.get('grant_type')}`)
    issued++
    return HttpResponse.json({ access_token: `t${issued}`, token_type: 'Bearer', expires_in: 600 })
  }),
  http.post(`${origin}/accounts`, async ({ request }) => {
    const authorization = request.headers.get('authorization')
    seen.push(`API call: ${authorization} ${await request.text()}`)
    if (authorization !== `Bearer t${live}`) return new HttpResponse(null, refusal)
    return HttpResponse.json({ ok: true })
  }),
)

beforeEach(() => {
  seen = []
  issued = 0
  live = 1
})

/** Until the end of the test. What no handler answers is an error, or goes to the network. */
function listen(onUnhandledFrame: 'error' | 'bypass' = 'error') {
  msw.listen({ onUnhandledFrame })
  onTestFinished(() => {
    msw.close()
    msw.resetHandlers()
  })
}

const tokenRequest = 'token request: client_credentials'

describe.each(clients)('msw and %s', (_, create) => {
  // First, for axios: its fetch adapter keeps the globals that it meets at its first request, and
  // those of msw no longer work when msw has stopped. It is so without us, too.
  test('a client that was at work before msw listens is mocked from then on', async () => {
    const { api, tokens, server } = await startKitWorld()
    const post = create(tokens, api.origin)
    await post('accounts', accounts)
    msw.use(
      http.post(`${api.origin}/accounts`, ({ request }) =>
        HttpResponse.json({ token: request.headers.get('authorization') }),
      ),
    )
    listen()

    const { authorization } = await tokens.getAccessToken()
    expect(await post('accounts', accounts)).toEqual({ token: authorization })

    expect(story(api.requests)).toEqual(['t1 200'])
    expect(server.requests).toHaveLength(1)
  })

  test.each(['before', 'after'])(
    'token request and API call are seen once each, listening %s the client was made',
    async (order) => {
      if (order === 'before') listen()
      const post = create(providerFor(`${login}/token`).tokens, origin)
      if (order === 'after') listen()

      expect(await post('accounts', accounts)).toEqual({ ok: true })

      expect(seen).toEqual([tokenRequest, 'API call: Bearer t1 {"name":"é"}'])
    },
  )

  test('a mocked 401 is renewed and replayed, body and all', { tags: ['U1'] }, async () => {
    listen()
    const post = create(providerFor(`${login}/token`).tokens, origin)
    live = 2

    expect(await post('accounts', accounts)).toEqual({ ok: true })

    expect(seen).toEqual([
      tokenRequest,
      'API call: Bearer t1 {"name":"é"}',
      tokenRequest,
      'API call: Bearer t2 {"name":"é"}',
    ])
  })

  test('what msw lets through reaches the real servers once each', async () => {
    const { server, api, tokens } = await startKitWorld()
    const post = create(tokens, api.origin)
    await post('accounts', accounts)
    listen('bypass')
    server.revokeAll()

    expect(await post('accounts', accounts)).toMatchObject({ ok: true, url: '/accounts' })

    expect(story(api.requests)).toEqual(['t1 200', 't1 401', 't2 200'])
    expect(bodiesOf(api.requests)).toEqual(Array(3).fill('{"name":"é"}'))
    expect(server.requests).toHaveLength(2)
    expect(seen).toEqual([])
  })
})
