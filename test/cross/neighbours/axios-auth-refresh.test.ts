import { addAuthorization } from '@countersign/axios-interceptor'
import axios, { type AxiosError } from 'axios'
import { createAuthRefresh } from 'axios-auth-refresh'
import { describe, expect, test } from 'vitest'
import { shows } from '../../support/leak-search.ts'
import { refusal } from '../../support/recording-api.ts'
import { startKitWorld, story } from '../../support/world.ts'

describe.each(['before', 'after'])('axios-auth-refresh, installed %s Countersign', (order) => {
  /** An instance with both, and a real API. `refreshes` are the errors that the library handles. */
  async function refreshing() {
    const all = await startKitWorld()
    const http = axios.create({ baseURL: all.api.origin })
    const refreshes: AxiosError[] = []
    // The library declares the instance with axios' types for CommonJS.
    const install = () =>
      createAuthRefresh(http as never, async (error) => void refreshes.push(error))
    if (order === 'before') install()
    addAuthorization(http, all.tokens)
    if (order === 'after') install()
    return { ...all, http, refreshes }
  }

  test('a 401 that the replay resolves causes one renewal, not two', { tags: ['U1'] }, async () => {
    const { http, api, server, refreshes } = await refreshing()
    await http.get('/warm')
    server.revokeAll()

    const answers = await Promise.all([http.get('/a'), http.get('/b'), http.get('/c')])

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(refreshes).toEqual([])
    expect(server.requests).toHaveLength(2)
    expect(api.requests.map(({ status }) => status).sort()).toEqual([
      200, 200, 200, 200, 401, 401, 401,
    ])
  })

  test('a 401 that the replay does not resolve reaches the other library, once', {
    tags: ['U5'],
  }, async () => {
    const { http, api, server, tokens, refreshes } = await refreshing()
    api.next(refusal, { ...refusal, body: 'the second' })

    const { status } = await http.get('/accounts')

    expect(status).toBe(200)
    expect(refreshes).toMatchObject([{ status: 401, response: { data: 'the second' } }])
    const { value } = await tokens.getAccessToken()
    expect(shows([refreshes[0]?.config, refreshes[0]?.response?.config], value)).toBe(false)
    expect(story(api.requests)).toEqual(['t1 401', 't2 401', 't2 200'])
    expect(server.requests).toHaveLength(2)
  })
})
