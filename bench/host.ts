/** One client of bench:warm: `node host.ts <library> <floor | ours> <request>`. */
import process from 'node:process'
import { setImmediate } from 'node:timers/promises'
import { addAuthorization } from '@countersign/axios-interceptor'
import * as core from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { authorizationHooks } from '@countersign/ky-hook'
import axios, { type AxiosAdapter } from 'axios'
import ky from 'ky'
import { authorization, createWarmProvider, type Send, serveRounds } from './rounds.ts'

export interface Row {
  readonly method: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Uses an absolute URL on an instance without a base URL. Only axios treats it differently. */
  readonly isAbsolute?: true
}

const json = { 'content-type': 'application/json' }

export const requests: Readonly<Record<string, Row>> = {
  GET: { method: 'GET' },
  'GET, headers': { method: 'GET', headers: { accept: 'application/json', 'x-request-id': '42' } },
  'GET, absolute URL': { method: 'GET', isAbsolute: true },
  'POST, string': { method: 'POST', headers: json, body: '{"amount":100,"currency":"EUR"}' },
}

const origin = 'https://api.example.com'
const origins = [origin]
const path = '/accounts/42?fields=name'

/** The least that a real fetch does: it creates a Request and a Response. */
const transport = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
  requireAuthorization(new Request(input, init).headers.get('authorization'))
  return new Response('{}', { status: 200, headers: json })
}

/** The least that the adapters of axios do with the headers. */
const adapter: AxiosAdapter = async (config) => {
  requireAuthorization(config.headers.normalize(false).toJSON().Authorization)
  return { data: '{}', status: 200, statusText: 'OK', headers: json, config }
}

function requireAuthorization(found: unknown): void {
  if (found !== authorization) throw new Error('The request is not authorized.')
}

const senders: Readonly<Record<string, (isOurs: boolean, row: Row) => Promise<Send>>> = {
  async fetch(isOurs, { method, headers, body }) {
    // As in a program, each request has a URL and an init of its own.
    const init = () => ({
      method,
      ...(headers && { headers: { ...headers } }),
      ...(body && { body }),
    })
    if (!isOurs)
      return () =>
        transport(`${origin}${path}`, { ...init(), headers: { ...headers, authorization } })
    const send = authorizedFetch(await createWarmProvider(core), { origins, fetch: transport })
    return () => send(`${origin}${path}`, init())
  },
  async axios(isOurs, { method, headers, body, isAbsolute }) {
    const constant = isOurs ? {} : { headers: { Authorization: authorization } }
    const base = isAbsolute ? {} : { baseURL: origin }
    const api = axios.create({ ...base, adapter, ...constant })
    if (isOurs) addAuthorization(api, await createWarmProvider(core), { origins })
    const options = { method, url: isAbsolute ? origin + path : path, ...(body && { data: body }) }
    return () => api.request({ ...options, ...(headers && { headers: { ...headers } }) })
  },
  async ky(isOurs, { method, headers, body }) {
    const added = isOurs
      ? { hooks: authorizationHooks(await createWarmProvider(core), { origins }) }
      : { headers: { authorization } }
    const api = ky.create({ prefix: origin, fetch: transport, ...added })
    return () =>
      api(path, { method, ...(headers && { headers: { ...headers } }), ...(body && { body }) })
  },
}

export const libraries = Object.keys(senders)

if (process.send !== undefined) {
  const [, , library = '', way = '', name = ''] = process.argv
  const send = await senders[library]?.(way === 'ours', requests[name] as Row)
  if (send === undefined) throw new Error(`Unknown library '${library}'.`)
  serveRounds(async (count) => {
    for (let sent = 0; sent < count; sent += 1) {
      // Requests and signals are cleaned up in a later turn, as with a real transport.
      if (sent % 50 === 0) await setImmediate()
      const { status } = await send()
      if (status !== 200) throw new Error(`The transport answered ${status}.`)
    }
  })
}
