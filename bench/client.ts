/**
 * One client of bench:warm or bench:http: `node client.ts <library> <constant | ours> <request>
 * [origin]`. Without an origin the transport is stubbed.
 */
import { Agent } from 'node:http'
import { createRequire } from 'node:module'
import process from 'node:process'
import { setImmediate } from 'node:timers/promises'
import * as core from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import type { AxiosAdapter } from 'axios'
import {
  authorization,
  createWarmProvider,
  json,
  type Request as Row,
  requests,
  type Send,
  serveRounds,
} from './rounds.ts'

const require = createRequire(import.meta.url)
const [, , library = '', way = '', name = '', given] = process.argv
const isStubbed = given === undefined
const isOurs = way === 'ours'
const origin = given ?? 'https://api.example.com'
const origins = [origin]
const path = '/accounts/42?fields=name'
const inFlight = isStubbed ? 1 : 32
const { method, headers, body, isAbsolute } = requests[name] as Row

/** The least that a real fetch does: it creates a Request and a Response. */
const stubbedFetch = async (input: string | URL | Request, init?: RequestInit) => {
  requireAuthorization(new Request(input, init).headers.get('authorization'))
  return new Response('{}', { status: 200, headers: json })
}

/** The least that the adapters of axios do with the headers. */
const stubbedAdapter: AxiosAdapter = async (config) => {
  requireAuthorization(config.headers.normalize(false).toJSON().Authorization)
  return { data: '{}', status: 200, statusText: 'OK', headers: json, config }
}

function requireAuthorization(found: unknown): void {
  if (found !== authorization) throw new Error('The request is not authorized.')
}

const transport = isStubbed ? stubbedFetch : fetch

const senders: Readonly<Record<string, () => Promise<Send>>> = {
  async fetch() {
    if (!isOurs)
      return () => readBody(transport(origin + path, createInit({ ...headers, authorization })))
    const send = authorizedFetch(await createWarmProvider(core), { origins, fetch: transport })
    return () => readBody(send(origin + path, createInit(headers)))
  },
  async ky() {
    const { default: ky } = await import('ky')
    const { authorizationHooks } = await import('@countersign/ky-hook')
    const added = isOurs
      ? { hooks: authorizationHooks(await createWarmProvider(core), { origins }) }
      : { headers: { authorization } }
    const api = ky.create({ prefix: origin, fetch: transport, ...added })
    return () => readBody(api(path, createInit(headers)))
  },
  axios: async () =>
    sendWithAxios(
      (await import('axios')).default,
      core,
      await import('@countersign/axios-interceptor'),
    ),
  'axios-cjs': () =>
    sendWithAxios(
      require('axios'),
      require('@countersign/core'),
      require('@countersign/axios-interceptor'),
    ),
}

async function sendWithAxios(
  axios: typeof import('axios').default,
  core: typeof import('@countersign/core'),
  { addAuthorization }: typeof import('@countersign/axios-interceptor'),
): Promise<Send> {
  const base = isAbsolute ? {} : { baseURL: origin }
  const constant = isOurs ? {} : { headers: { Authorization: authorization } }
  const added = isStubbed
    ? { adapter: stubbedAdapter }
    : { httpAgent: new Agent({ keepAlive: true, maxSockets: inFlight }) }
  const api = axios.create({ ...base, ...added, ...constant })
  if (isOurs) addAuthorization(api, await createWarmProvider(core), { origins })
  const options = { method, url: isAbsolute ? origin + path : path, ...(body && { data: body }) }
  return () => api.request({ ...options, ...(headers && { headers: { ...headers } }) })
}

/** As in a program, each request has an init of its own. */
function createInit(own: Row['headers']) {
  return { method, ...(own && { headers: { ...own } }), ...(body && { body }) }
}

async function readBody(responding: Promise<Response>): Promise<Response> {
  const response = await responding
  if (!isStubbed) await response.arrayBuffer()
  return response
}

const send = await senders[library]?.()
if (send === undefined) throw new Error(`Unknown library '${library}'.`)
serveRounds(async (count) => {
  let left = count
  const worker = async () => {
    while (left > 0) {
      left -= 1
      // Requests and signals are cleaned up in a later turn, as with a real transport.
      if (isStubbed && left % 50 === 0) await setImmediate()
      const { status } = await send()
      if (status !== 200) throw new Error(`The API answered ${status}.`)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
})
