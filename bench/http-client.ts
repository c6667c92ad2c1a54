/** One client of bench:http: `node http-client.ts <client> <constant | ours> <method> <url>`. */
import { Agent } from 'node:http'
import { createRequire } from 'node:module'
import process from 'node:process'
import * as core from '@countersign/core'
import { authorization, createWarmProvider, type Send, serveRounds } from './rounds.ts'

const require = createRequire(import.meta.url)
const [, , client = '', way = '', method = 'GET', url = ''] = process.argv
const isOurs = way === 'ours'
const origins = [url]
const body = method === 'POST' ? JSON.stringify({ note: 'n'.repeat(1000) }) : undefined
const headers = { 'content-type': 'application/json' }
const inFlight = 32

const senders: Readonly<Record<string, () => Promise<Send>>> = {
  'axios-esm': async () =>
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
  async ky() {
    const { default: ky } = await import('ky')
    const { authorizationHooks } = await import('@countersign/ky-hook')
    const added = isOurs
      ? { hooks: authorizationHooks(await createWarmProvider(core), { origins }) }
      : { headers: { authorization } }
    const api = ky.create({ prefix: url, ...added })
    const options = { method, ...(body && { body, headers }) }
    return async () => consume(await api('accounts/42', options))
  },
  async fetch() {
    const { authorizedFetch } = await import('@countersign/core/fetch')
    const send = isOurs ? authorizedFetch(await createWarmProvider(core), { origins }) : fetch
    const sent = isOurs ? headers : { ...headers, authorization }
    const options = { method, headers: sent, ...(body && { body }) }
    return async () => consume(await send(`${url}/accounts/42`, { ...options }))
  },
}

async function sendWithAxios(
  axios: typeof import('axios').default,
  core: typeof import('@countersign/core'),
  adapter: typeof import('@countersign/axios-interceptor'),
): Promise<Send> {
  const httpAgent = new Agent({ keepAlive: true, maxSockets: inFlight })
  const constant = isOurs ? {} : { headers: { Authorization: authorization } }
  const api = axios.create({ baseURL: url, httpAgent, ...constant })
  if (isOurs) adapter.addAuthorization(api, await createWarmProvider(core))
  const options = { method, url: '/accounts/42', ...(body && { data: body, headers }) }
  return () => api.request({ ...options })
}

async function consume(response: Response): Promise<{ readonly status: number }> {
  await response.arrayBuffer()
  return response
}

const send = await senders[client]?.()
if (send === undefined) throw new Error(`Unknown client '${client}'.`)
serveRounds(async (requests) => {
  let left = requests
  const worker = async () => {
    while (left > 0) {
      left -= 1
      const { status } = await send()
      if (status !== 200) throw new Error(`The API answered ${status}.`)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
})
