import { generateKeyPairSync } from 'node:crypto'
import { createTokenProvider, isCountersignError, memoryStore } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { describe, expect, test } from 'vitest'
import { startScene } from '../support/leak-scene.ts'
import { answer } from '../support/recording-api.ts'

/** A line break, an escape sequence in both its forms, NUL, and the separators of Unicode. */
const forged = 'a\r\nERROR forged\x1b[2K\x9b31m\0\x7f\u2028\u2029\u202eb'
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is searched for.
const controls = /[\0-\x1f\x7f-\x9f\u2028-\u202e]/

/** Every text within a value, as a logger meets it: names of members, and members. */
function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  const own = isCountersignError(value) ? { ...value, message: value.message } : value
  return Object.entries(own).flatMap(([name, member]) => [name, ...texts(member)])
}

describe('text from outside', { tags: ['L8'] }, () => {
  test('of a server stays on one line in errors and events', async () => {
    const { server, watched } = await startScene()
    const events: unknown[] = []
    const tokens = watched({ onEvent: (event) => void events.push(event) })
    server.next({ status: 400, body: { error: forged, error_description: forged } })
    const error = await tokens.getAccessToken().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'ERR_OAUTH', error: 'a ERROR forged [2K 31m b' })
    expect(texts([error, events]).filter((text) => controls.test(text))).toEqual([])
    expect(events).toHaveLength(2)
  })

  test('of an API stays on one line in events', async () => {
    const { api, tokens } = await startScene()
    const events: unknown[] = []
    const onEvent = (event: unknown) => void events.push(event)
    const send = authorizedFetch(tokens, { origins: [api.origin], onEvent })
    // As much as a header may hold.
    const challenge = 'Bearer error="insufficient_scope", scope="a\x9b31m\tb"'
    api.next(answer(403, { 'www-authenticate': challenge }))
    await send(api.origin)
    expect(events).toMatchObject([{ type: 'insufficient-scope', scope: undefined }])
  })

  test.each([
    ['clientId', 'ERR_INVALID_CLIENT_ID'],
    ['tokenEndpoint', 'ERR_INVALID_TOKEN_ENDPOINT'],
    ['scope', 'ERR_INVALID_SCOPE'],
    ['resource', 'ERR_INVALID_RESOURCE'],
    [forged, 'ERR_INVALID_OPTION'],
  ])('in the option %j it is refused on one line', async (option, code) => {
    const { watched } = await startScene()
    let error: unknown
    try {
      watched({ [option]: `https://${forged}` })
    } catch (thrown) {
      error = thrown
    }
    expect(error).toMatchObject({ code })
    expect(texts(error).filter((text) => controls.test(text))).toEqual([])
  })

  test('in kid and audience it is sent, and told on one line', async () => {
    const { server, watched } = await startScene()
    const tokens = watched({ kid: forged, assertion: { audience: forged } })
    const error = await tokens.getAccessToken().catch((thrown: unknown) => thrown)
    expect(server.requests[0]).toMatchObject({ header: { kid: forged }, claims: { aud: forged } })
    const shown = 'a ERROR forged [2K 31m b'
    expect(error).toMatchObject({ sent: { kid: shown, audience: shown } })
    expect(texts(error).filter((text) => controls.test(text))).toEqual([])
  })

  test('the search finds what would forge a line', () => {
    expect(texts({ a: [new Error('x'), { b: forged }] })).toContain(forged)
    for (const character of forged.replace(/[ -~]/g, '')) expect(character).toMatch(controls)
  })
})

describe('tenants', { tags: ['L13'] }, () => {
  test('an error of one client reaches neither another nor its log', async () => {
    const { server, watched, search } = await startScene()
    const { tokenEndpoint } = server
    const store = memoryStore()
    const good = watched({ store })
    const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const refused = ['tenant-1', 'tenant-2'].map((clientId) =>
      createTokenProvider({ clientId, tokenEndpoint, key, store, retries: 0 }),
    )
    const release = server.hold()
    const waiting = [good, ...refused, good].map((tokens) =>
      tokens.getAccessToken().catch((error: unknown) => error),
    )
    release()
    const [token, one, two, same] = await Promise.all(waiting)
    expect(token).toBe(same)
    expect(search.isIn((token as { value: string }).value)).toBe(true)
    expect(one).toMatchObject({ code: 'ERR_OAUTH', error: 'invalid_client' })
    expect(one).not.toBe(two)
    expect(String(one)).toContain('client ID tenant-1 ')
    expect(String(two)).toContain('client ID tenant-2 ')
    expect(String(one)).not.toContain('tenant-2')
    // During the hold-off, each receives its own error, and the third has no hold-off.
    expect(await refused[0]?.getAccessToken().catch((error: unknown) => error)).toEqual(one)
    expect(await refused[1]?.getAccessToken().catch((error: unknown) => error)).toEqual(two)
    expect(await good.getAccessToken({ forceRenewal: true })).not.toBe(token)
  })

  test('an error of one scope reaches no other of the same client', async () => {
    const { server, tokens } = await startScene()
    server.next({ status: 400, body: { error: 'invalid_scope' } })
    const asked = { scope: 'refused' }
    const error = await tokens.getAccessToken(asked).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'ERR_OAUTH', error: 'invalid_scope' })
    expect((await tokens.getAccessToken({ scope: 'granted' })).scope).toBe('granted')
    expect(await tokens.getAccessToken(asked).catch((thrown: unknown) => thrown)).toEqual(error)
  })
})
