/**
 * The child of warm.ts: one way to send one request, in a process of its own.
 * `node host.ts <way> <request>`; each message `{ requests }` runs a round and is answered with
 * `{ micros }`, CPU microseconds per request.
 */
import { generateKeyPairSync } from 'node:crypto'
import process from 'node:process'
import { createTokenProvider } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'

type Send = () => Promise<Response>

const url = 'https://api.example.com/accounts/42?fields=name'
const accessToken = 'x'.repeat(800)

const requests: Record<string, () => RequestInit | undefined> = {
  GET: () => undefined,
  'GET, headers': () => ({ headers: { accept: 'application/json', 'x-request-id': '42' } }),
  'POST, string': () => ({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"amount":100,"currency":"EUR"}',
  }),
}

/** What a real fetch does at the least: a Request of what it was given, and a Response. */
const transport = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
  const request = new Request(input, init)
  if (request.headers.get('authorization') !== authorization)
    throw new Error('The request is not authorized.')
  return new Response('{}', { status: 200, headers: { 'content-type': 'application/json' } })
}

const authorization = `Bearer ${accessToken}`

function floor(init: () => RequestInit | undefined): Send {
  return () => {
    const given = init()
    return transport(url, {
      ...given,
      headers: { ...(given?.headers as Record<string, string>), authorization },
    })
  }
}

/** A provider with a generated key; its `fetch` is a stub which may answer once. */
async function ours(init: () => RequestInit | undefined): Promise<Send> {
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
  const send = authorizedFetch(tokens, { origins: ['https://api.example.com'], fetch: transport })
  return () => send(url, init())
}

const [, , way = '', name = ''] = process.argv
const init = requests[name]
if (init === undefined || (way !== 'floor' && way !== 'ours'))
  throw new Error(`host.ts knows no '${way}' of '${name}'.`)
const send = way === 'floor' ? floor(init) : await ours(init)

async function round(count: number): Promise<number> {
  const before = process.cpuUsage()
  for (let sent = 0; sent < count; sent += 1) {
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
