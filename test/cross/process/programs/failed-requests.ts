/** Tells how the heap grows with ten thousand token requests that fail. */
import { generateKeyPairSync } from 'node:crypto'
import { createTokenProvider } from '@countersign/core'
import { createManualClock } from '@countersign/testing'

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const clock = createManualClock()
let requests = 0
const tokens = createTokenProvider({
  ...{ clientId: 'client-1', tokenEndpoint: 'https://as.example/token', key: privateKey, clock },
  fetch: async () => {
    requests += 1
    return Response.json({ error: 'invalid_client' }, { status: 401 })
  },
})

async function fail(times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    await tokens.getAccessToken().catch(() => {})
    // Past the longest hold-off.
    await clock.advance(30_000)
  }
}

function heap(): number {
  for (let turn = 0; turn < 3; turn++) globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

await fail(1_000)
const before = heap()
await fail(10_000)
console.log(JSON.stringify({ requests, growth: heap() - before }))
