/** Prints how much the heap grows with ten thousand token requests that fail. */
import { createTokenProvider } from '@countersign/core'
import { createManualClock } from '@countersign/testing'
import { clientKey } from '../../../support/keys.ts'
import { heap } from './heap.ts'

const clock = createManualClock()
let requests = 0
const tokens = createTokenProvider({
  ...{
    clientId: 'client-1',
    tokenEndpoint: 'https://as.example/token',
    key: clientKey.privateKey,
    clock,
  },
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

await fail(1_000)
const before = await heap()
await fail(10_000)
console.log(JSON.stringify({ requests, growth: (await heap()) - before }))
