import { generateKeyPairSync } from 'node:crypto'
import process from 'node:process'
import type * as Core from '@countersign/core'

export interface Request {
  readonly method: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Uses an absolute URL on an instance without a base URL. Only axios treats it differently. */
  readonly isAbsolute?: true
}

export const json = { 'content-type': 'application/json' }

export const requests: Readonly<Record<string, Request>> = {
  GET: { method: 'GET' },
  'GET, headers': { method: 'GET', headers: { accept: 'application/json', 'x-request-id': '42' } },
  'GET, absolute URL': { method: 'GET', isAbsolute: true },
  'POST, 1 kB': { method: 'POST', headers: json, body: JSON.stringify({ note: 'x'.repeat(1000) }) },
}

export type Send = () => Promise<{ readonly status: number }>

export const accessToken = 'x'.repeat(800)
export const authorization = `Bearer ${accessToken}`

/** Creates a provider with a generated key that has a token. Its `fetch` answers once. */
export async function createWarmProvider({ createTokenProvider }: typeof Core) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  let answers = 0
  const tokens = createTokenProvider({
    clientId: 'bench',
    tokenEndpoint: 'https://login.example.com/token',
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    fetch: async () => {
      answers += 1
      if (answers > 1) throw new Error('A second token was requested.')
      return Response.json({ access_token: accessToken, token_type: 'Bearer', expires_in: 86_400 })
    },
  })
  await tokens.getAccessToken()
  return tokens
}

/** Runs a round for each message `{ requests }` of the parent, and answers with its figures. */
export function serveRounds(run: (requests: number) => Promise<void>): void {
  process.on('message', async ({ requests }: { requests: number }) => {
    const startedAt = performance.now()
    const before = process.cpuUsage()
    await run(requests)
    const { user, system } = process.cpuUsage(before)
    process.send?.({
      requestsPerSecond: requests / ((performance.now() - startedAt) / 1000),
      cpuMicros: (user + system) / requests,
    })
  })
  process.send?.({ requestsPerSecond: 0, cpuMicros: 0 })
}
