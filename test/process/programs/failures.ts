import { getEventListeners } from 'node:events'
import process from 'node:process'
import { createManualClock } from '@countersign/testing'
import { heapInUse, provider, tell } from './program.ts'

/** 10,000 failed flights, each asked for with one long-lived signal. */
const warnings: string[] = []
process.on('warning', ({ name }) => warnings.push(name))
const clock = createManualClock(Date.now())
let requests = 0
const tokens = provider({
  clock,
  retries: 0,
  fetch: async () => {
    requests += 1
    return Response.json({ error: 'invalid_client' }, { status: 400 })
  },
})
const { signal } = new AbortController()
const fail = async (count: number) => {
  for (let flight = 0; flight < count; flight++) {
    const error = await tokens.getAccessToken({ signal }).catch((thrown: unknown) => thrown)
    if (!(error instanceof Error)) throw new Error('A token.')
    clock.setWallClock(clock.now() + 3_600_000)
    await clock.advance(3_600_000)
  }
  return heapInUse()
}
const early = await fail(2_000)
const growth = (await fail(8_000)) - early
tell({ requests, growth, warnings, listeners: getEventListeners(signal, 'abort').length })
