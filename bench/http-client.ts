/**
 * One client of bench:http in a process of its own: `node http-client.ts <client> <way> <method>
 * <url>`. Each message `{ requests }` runs a round and is answered with its figures.
 */
import { generateKeyPairSync } from 'node:crypto'
import { Agent } from 'node:http'
import { createRequire } from 'node:module'
import process from 'node:process'
import { type Client, isClient } from './http-ways.ts'

type Send = () => Promise<{ readonly status: number }>

const require = createRequire(import.meta.url)
const [, , client = '', way = '', method = 'GET', url = ''] = process.argv
const accessToken = 'x'.repeat(800)
const authorization = `Bearer ${accessToken}`
const body = method === 'POST' ? JSON.stringify({ note: 'n'.repeat(1000) }) : undefined
const headers = { 'content-type': 'application/json' }
const inFlight = 32

const senders: Record<Client, () => Promise<Send>> = {
  'axios-esm': async () =>
    sendWithAxios(
      (await import('axios')).default,
      await import('@countersign/core'),
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
    const added =
      way === 'ours'
        ? { hooks: authorizationHooks(await warmProvider(), { origins: [url] }) }
        : { headers: { authorization } }
    const api = ky.create({ prefix: url, ...added })
    const options = { method, ...(body && { body, headers }) }
    return async () => consume(await api('accounts/42', options))
  },
  async fetch() {
    const { authorizedFetch } = await import('@countersign/core/fetch')
    const options = { method, ...(body && { body }) }
    if (way === 'ours') {
      const send = authorizedFetch(await warmProvider(), { origins: [url] })
      return async () => consume(await send(`${url}/accounts/42`, { ...options, headers }))
    }
    return async () =>
      consume(
        await fetch(`${url}/accounts/42`, { ...options, headers: { ...headers, authorization } }),
      )
  },
}

async function sendWithAxios(
  axios: typeof import('axios').default,
  core: typeof import('@countersign/core'),
  adapter: typeof import('@countersign/axios-interceptor'),
): Promise<Send> {
  const httpAgent = new Agent({ keepAlive: true, maxSockets: inFlight })
  const constant = way === 'constant' ? { headers: { Authorization: authorization } } : {}
  const api = axios.create({ baseURL: url, httpAgent, ...constant })
  if (way === 'ours') adapter.addAuthorization(api, await warmProvider(core))
  const options = { method, url: '/accounts/42', ...(body && { data: body, headers }) }
  return () => api.request({ ...options })
}

async function consume(response: Response): Promise<{ readonly status: number }> {
  await response.arrayBuffer()
  return response
}

/** A provider with a generated key, whose token request is answered without a socket. */
async function warmProvider(core?: typeof import('@countersign/core')) {
  const { createTokenProvider } = core ?? (await import('@countersign/core'))
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const tokens = createTokenProvider({
    clientId: 'bench',
    tokenEndpoint: 'https://login.example.com/token',
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    fetch: async () =>
      Response.json({ access_token: accessToken, token_type: 'Bearer', expires_in: 86_400 }),
  })
  await tokens.getAccessToken()
  return tokens
}

if (!isClient(client)) throw new Error(`Unknown client '${client}'.`)
const send = await senders[client]()

async function measureRound(requests: number) {
  let left = requests
  const startedAt = performance.now()
  const before = process.cpuUsage()
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (left > 0) {
        left -= 1
        const { status } = await send()
        if (status !== 200) throw new Error(`The API answered ${status}.`)
      }
    }),
  )
  const { user, system } = process.cpuUsage(before)
  return {
    requestsPerSecond: requests / ((performance.now() - startedAt) / 1000),
    cpuMicros: (user + system) / requests,
  }
}

process.on('message', async ({ requests }: { requests: number }) => {
  process.send?.(await measureRound(requests))
})
process.send?.({ requestsPerSecond: 0, cpuMicros: 0 })
