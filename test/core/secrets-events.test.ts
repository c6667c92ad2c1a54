// @module-tag L3

import { readFileSync } from 'node:fs'
import {
  type AuthorizationOptions,
  isCountersignError,
  memoryStore,
  type RequestEvent,
  type TokenEvent,
  type TokenProviderOptions,
  type TokenStore,
} from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { expect, test } from 'vitest'
import { type Scene, startScene } from '../support/leak-scene.ts'
import { answer, refused } from '../support/recording-api.ts'
import { until } from '../support/world.ts'

/** The members of each event, in addition to those of all events. */
const tokenMembers: Record<TokenEvent['type'], readonly string[]> = {
  'token-issued': ['attemptDuration', 'attempts', 'duration', 'expiresAt', 'source'],
  'token-request-failed': ['attempt', 'duration', 'error', 'retryIn'],
  'renewal-failed': ['error', 'nextAttemptAt', 'servesUntil'],
  'token-rejected': ['action', 'coolDownUntil'],
  'response-warning': ['warning'],
  'store-failed': ['operation', 'reason'],
  'clock-skew': ['offset'],
  'configuration-warning': ['warning'],
}

/** All that a provider may tell, told at least once. */
async function tokenEvents(scene: Scene): Promise<TokenEvent[]> {
  const { server, watched } = scene
  const events: TokenEvent[] = []
  const onEvent: TokenProviderOptions['onEvent'] = (event) => void events.push(event)
  const store = memoryStore()
  const tokens = watched({ scope: 'a b', onEvent, store })
  server.next({ body: { access_token: 'secret-token-1', expires_in: 1e9 } })
  const first = await tokens.getAccessToken()
  await watched({ scope: 'a b', onEvent, store }).getAccessToken()
  const body = { access_token: 'secret-token-2', token_type: 'BearerToken', scope: 'a' }
  server.next({ body }, { body: { ...body, access_token: 'secret-token-3'.repeat(1200) } })
  await tokens.getAccessToken({ resource: 'https://one.example/' })
  await tokens.getAccessToken({ resource: 'https://two.example/' })
  tokens.invalidate(first)
  tokens.invalidate(await tokens.getAccessToken())
  server.next({ status: 400, body: { error: 'invalid_scope' } })
  await tokens.getAccessToken({ forceRenewal: true }).catch(() => {})
  const failing = watched({ onEvent, store: failingStore(scene) })
  failing.invalidate(await failing.getAccessToken())
  await failing.getAccessToken()
  const leaseless = { ...failingStore(scene), get: async () => undefined }
  await watched({ onEvent, store: leaseless }).getAccessToken()
  const audience = 'https://login.example.com/token'
  const skewed = watched({ onEvent, assertion: { audience } })
  const date = new Date(scene.clock.now() + 600_000).toUTCString()
  server.next({ status: 401, headers: { date }, body: { error: 'invalid_client' } })
  await skewed.getAccessToken().catch(() => {})
  return events
}

/** Every call of it fails, in words that quote what it knows. */
function failingStore({ search }: Scene): TokenStore {
  const fail = async (_: string, token?: object): Promise<never> => {
    const quoted = 'value' in (token ?? {}) ? JSON.stringify(token) : 'secret-token-1'
    throw Object.assign(new Error(`no answer within ${quoted}`), {
      ...{ name: `Error of ${quoted}`, code: `code of ${quoted}` },
    })
  }
  search.add('secret-token-1')
  return { get: fail, set: fail, delete: fail, acquireLease: fail }
}

/** All that an adapter may tell, told at least once. */
async function requestEvents({ api, tokens, server, clock }: Scene): Promise<RequestEvent[]> {
  const events: RequestEvent[] = []
  const onEvent: AuthorizationOptions['onEvent'] = (event) => void events.push(event)
  const send = authorizedFetch(tokens, { origins: [api.origin], onEvent })
  const url = `${api.origin}/path?query`
  const { value } = await tokens.getAccessToken()
  for (const scope of ['a b', `a ${value}`]) {
    const challenge = `Bearer error="insufficient_scope", scope="${scope}"`
    api.next(answer(403, { 'www-authenticate': challenge }))
    await send(url)
  }
  api.next(refused)
  await send(url)
  api.next(answer(307, { location: '/elsewhere' }), refused)
  await send(url, { method: 'POST', body: 'order' })
  api.next(refused)
  const body = new Blob(['order']).stream()
  await send(url, { method: 'POST', body, duplex: 'half' } as RequestInit)
  api.next(refused)
  await send(url)
  await clock.advance(61_000)
  const release = server.hold()
  api.next(refused)
  const before = server.requests.length
  const caller = new AbortController()
  const sent = send(url, { signal: caller.signal }).catch(() => {})
  await until(() => server.requests.length > before)
  caller.abort()
  await sent
  release()
  const isTokenRejected = () => {
    throw new Error(value)
  }
  await authorizedFetch(tokens, { origins: [api.origin], onEvent, isTokenRejected })(url)
  // The API answers 401 to a request without a token of its own.
  await send(url, { countersign: false })
  await send(url, { headers: { authorization: 'Bearer left-over' } })
  await send(url.replace('127.0.0.1', 'localhost'))
  return events
}

test('a token event holds what it declares, and no secret', async () => {
  const scene = await startScene()
  const events = await tokenEvents(scene)
  const common = ['clientId', 'tokenEndpoint', 'scope', 'resource', 'type']
  for (const event of events) {
    expect(Object.keys(event).sort()).toEqual([...common, ...tokenMembers[event.type]].sort())
    expect(event).toMatchObject({ clientId: 'watched', tokenEndpoint: scene.server.tokenEndpoint })
    if ('error' in event) expect(isCountersignError(event.error)).toBe(true)
  }
  expect(scene.search.leaks(events)).toEqual([])
  expect(told(events)).toEqual(declared('events.ts', 'export type Emit'))
})

test('a request event holds what it declares, and no secret', async () => {
  const scene = await startScene()
  const events = await requestEvents(scene)
  const { origin } = scene.api
  const skipped = { origin, method: 'GET', type: 'authorization-skipped' }
  expect(events).toEqual([
    { origin, method: 'GET', type: 'insufficient-scope', scope: 'a b' },
    { origin, method: 'GET', type: 'insufficient-scope', scope: undefined },
    { origin, method: 'GET', type: 'request-replayed' },
    { origin, method: 'POST', type: 'replay-skipped', reason: 'redirected' },
    { origin, method: 'POST', type: 'replay-skipped', reason: 'one-shot-body' },
    { origin, method: 'GET', type: 'replay-skipped', reason: 'same-token' },
    { origin, method: 'GET', type: 'replay-skipped', reason: 'aborted' },
    { origin, method: 'GET', type: 'rejection-check-failed' },
    ...[
      { ...skipped, reason: 'opted-out' },
      { ...skipped, reason: 'own-authorization' },
      { ...skipped, reason: 'foreign-origin', origin: origin.replace('127.0.0.1', 'localhost') },
    ].flatMap((event) => [event, { ...event, status: 401 }]),
  ])
  expect(scene.search.leaks(events)).toEqual([])
  expect(told(events)).toEqual(declared('resource/request-event.ts', '/** The value of'))
})

test('the search finds a token in an event', async () => {
  const { search, tokens } = await startScene()
  const { value } = await tokens.getAccessToken()
  expect(search.leaks([{ type: 'token-issued', token: value }])).toContain('JSON')
})

/** The words of the vocabulary in which events speak. */
function told(events: readonly (TokenEvent | RequestEvent)[]): string[] {
  const words = events.flatMap((event) => [
    event.type,
    ...['source', 'action', 'warning', 'operation', 'reason'].map((name) =>
      event.type === 'store-failed' && name === 'reason' ? undefined : Reflect.get(event, name),
    ),
  ])
  return [...new Set(words.filter((word) => word !== undefined))].sort()
}

/** The words that a source declares for its events, up to that place. */
function declared(file: string, end: string): string[] {
  const url = new URL(`../../packages/core/src/${file}`, import.meta.url)
  const [types = ''] = readFileSync(url, 'utf8').split(end)
  const words = [...types.matchAll(/'([a-z][a-z0-9-]*)'/g)].map(([, word = '']) => word)
  return [...new Set(words)].sort()
}
