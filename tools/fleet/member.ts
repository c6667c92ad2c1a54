/** One process of `pnpm fleet`: calls the API at a steady rate, and reports what happened. */
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { addAuthorization } from '@countersign/axios-interceptor'
import { createTokenProvider } from '@countersign/core'
import { optionsFromEnv } from '@countersign/core/env'
import { redisStore } from '@countersign/redis-store'
import axios from 'axios'
import { Redis } from 'ioredis'

/** The report of a member at its end. */
export interface MemberReport {
  readonly calls: number
  readonly failed: number
  /** Milliseconds. */
  readonly slowest: number
}

const { API_ORIGIN = '', REDIS_PORT, STORE_KEY = '', RATE = '20', SECONDS = '60' } = process.env

function createStore() {
  if (REDIS_PORT === undefined) return undefined
  const client = new Redis({ port: Number(REDIS_PORT), maxRetriesPerRequest: 1 })
  client.on('error', () => {})
  return redisStore(client, { encryptionKeys: [STORE_KEY] })
}

const tokens = createTokenProvider({
  ...optionsFromEnv(),
  store: createStore(),
  fetch: (url, init) => {
    process.send?.('token-request')
    return fetch(url, init)
  },
})
const api = axios.create({ baseURL: API_ORIGIN })
addAuthorization(api, tokens)

let calls = 0
let failed = 0
let slowest = 0

async function call(): Promise<void> {
  const started = performance.now()
  calls += 1
  try {
    await api.get('/accounts')
  } catch {
    failed += 1
  }
  slowest = Math.max(slowest, performance.now() - started)
}

const interval = 1000 / Number(RATE)
const end = performance.now() + Number(SECONDS) * 1000
const open = new Set<Promise<void>>()
for (let next = performance.now(); next < end; next += interval) {
  await pause(Math.max(0, next - performance.now()))
  const one = call().finally(() => open.delete(one))
  open.add(one)
}
await Promise.all(open)
process.send?.({ calls, failed, slowest } satisfies MemberReport)
process.disconnect?.()
process.exit()
