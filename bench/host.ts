/**
 * The child of warm.ts: one way to send one request with one library, in a process of its own.
 * `node host.ts <library> <way> <request>`; each message `{ requests }` runs a round and is
 * answered with `{ micros }`, CPU microseconds per request.
 */
import { generateKeyPairSync } from 'node:crypto'
import process from 'node:process'
import { setImmediate } from 'node:timers/promises'
import { addAuthorization } from '@countersign/axios-interceptor'
import { createTokenProvider, type TokenProvider } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { authorizationHooks } from '@countersign/ky-hook'
import axios, { type AxiosAdapter } from 'axios'
import ky from 'ky'
import { isKnownRequest, type Library, type Row, requests, type Way } from './rows.ts'

type Send = () => Promise<{ readonly status: number }>

const origin = 'https://api.example.com'
const path = '/accounts/42?fields=name'
const accessToken = 'x'.repeat(800)
const authorization = `Bearer ${accessToken}`

/** What a real fetch does at the least: a Request of what it was given, and a Response. */
const transport = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
  const request = new Request(input, init)
  requireAuthorization(request.headers.get('authorization'))
  return new Response('{}', { status: 200, headers: { 'content-type': 'application/json' } })
}

/** What axios' own adapters do with the headers at the least. */
const adapter: AxiosAdapter = async (config) => {
  requireAuthorization(config.headers.normalize(false).toJSON().Authorization)
  const headers = { 'content-type': 'application/json' }
  return { data: '{}', status: 200, statusText: 'OK', headers, config }
}

function requireAuthorization(found: unknown): void {
  if (found !== authorization) throw new Error('The request is not authorized.')
}

/** A provider with a generated key; its `fetch` is a stub which may answer once. */
async function warmProvider(): Promise<TokenProvider> {
  let answers = 0
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const tokens = createTokenProvider({
    clientId: 'bench',
    tokenEndpoint: 'https://login.example.com/token',
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    fetch: async () => {
      answers += 1
      if (answers > 1) throw new Error('The token was asked for twice.')
      return Response.json({ access_token: accessToken, token_type: 'Bearer', expires_in: 86_400 })
    },
  })
  await tokens.getAccessToken()
  return tokens
}

const origins = [origin]

const senders: Record<Library, (way: Way, row: Row) => Promise<Send>> = {
  async fetch(way, { method, headers, body }) {
    const init = () => ({
      method,
      ...(headers && { headers: { ...headers } }),
      ...(body && { body }),
    })
    if (way === 'ours') {
      const send = authorizedFetch(await warmProvider(), { origins, fetch: transport })
      return () => send(`${origin}${path}`, init())
    }
    return () =>
      transport(`${origin}${path}`, { ...init(), headers: { ...headers, authorization } })
  },
  async axios(way, { method, headers, body, isAbsolute }) {
    const constant = way === 'floor' ? { headers: { Authorization: authorization } } : {}
    const base = isAbsolute ? {} : { baseURL: origin }
    const api = axios.create({ ...base, adapter, ...constant })
    if (way === 'ours') addAuthorization(api, await warmProvider(), { origins })
    const url = isAbsolute ? origin + path : path
    return () =>
      api.request({
        method,
        url,
        ...(headers && { headers: { ...headers } }),
        ...(body && { data: body }),
      })
  },
  async ky(way, { method, headers, body }) {
    const constant = way === 'floor' ? { headers: { authorization } } : {}
    const hooks =
      way === 'ours' ? { hooks: authorizationHooks(await warmProvider(), { origins }) } : {}
    const api = ky.create({ prefix: origin, fetch: transport, ...constant, ...hooks })
    return () =>
      api(path, { method, ...(headers && { headers: { ...headers } }), ...(body && { body }) })
  },
}

const [, , library = '', way = '', name = ''] = process.argv
if (!(library in senders) || !isKnownRequest(name) || (way !== 'floor' && way !== 'ours'))
  throw new Error(`host.ts knows no '${way}' of '${name}' with '${library}'.`)
const send = await senders[library as Library](way, requests[name])

async function round(count: number): Promise<number> {
  const before = process.cpuUsage()
  for (let sent = 0; sent < count; sent += 1) {
    // As a real transport would: what Requests and signals leave behind is cleaned up in a turn.
    if (sent % 50 === 0) await setImmediate()
    const { status } = await send()
    if (status !== 200) throw new Error(`The transport answered ${status}.`)
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / count
}

process.on('message', async ({ requests: count }: { requests: number }) => {
  process.send?.({ micros: await round(count) })
})
process.send?.({ micros: 0 })
