import { getEventListeners } from 'node:events'
import process from 'node:process'
import { heapInUse, hosts, provider, tell } from './program.ts'

/** Heap after 2,000 and after 10,000 requests of each host, with one long-lived signal. */
process.on('warning', (warning) => console.error(warning.name))
const tokens = provider()
const { signal } = new AbortController()
const growth: Record<string, number> = {}
for (const [name, send] of Object.entries(hosts(tokens))) {
  // ky itself keeps something of each signal that it was given, for a while.
  const given = name === 'ky' ? undefined : signal
  const run = async (count: number) => {
    for (let sent = 0; sent < count; sent++) {
      if ((await send('x', given)) !== 200) throw new Error(`${name} was not answered.`)
    }
    return heapInUse()
  }
  const early = await run(2_000)
  growth[name] = (await run(8_000)) - early
}
tell({ growth, listeners: getEventListeners(signal, 'abort').length })
