/**
 * What authorizedFetch adds to a warm request, against plain fetch with a constant `authorization`
 * header set by hand. `node bench/warm.ts`, after `tsc -b packages/core`.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'

const names = ['GET', 'GET, headers', 'POST, string']
const rounds = 21
const warmUps = 4
const roundMicros = 50_000
const most = 1.1

console.log(
  'Stubbed transport (a Request and a Response are built), each host in a process of its own,',
)
console.log(
  `CPU time (process.cpuUsage), ${rounds} interleaved rounds of about ${roundMicros / 1000} ms, microseconds per request.`,
)
console.log(
  "Ours: a real createTokenProvider with a generated ES256 key, whose stubbed 'fetch' answers one token, once.",
)
console.log(
  `Node ${process.version}, ${process.platform} ${process.arch}. Fails when the ratio of medians of a row exceeds ${most.toFixed(2)}.\n`,
)

const columns = ['floor median', 'ours median', 'ratio', 'floor min', 'ours min', 'ratio']
console.log(row('', columns))

for (const name of names) {
  const { floor, ours } = await measure(name)
  const ofMedians = median(ours) / median(floor)
  const ofMinima = Math.min(...ours) / Math.min(...floor)
  const isSlow = ofMedians > most
  if (isSlow) process.exitCode = 1
  const medians = [median(floor), median(ours), ofMedians]
  const minima = [Math.min(...floor), Math.min(...ours), ofMinima]
  console.log(
    row(
      name,
      [...medians, ...minima].map((value) => value.toFixed(3)),
    ) + (isSlow ? '  too slow' : ''),
  )
}

async function measure(name: string): Promise<{ floor: number[]; ours: number[] }> {
  const hosts = { floor: await start('floor', name), ours: await start('ours', name) }
  const micros: { floor: number[]; ours: number[] } = { floor: [], ours: [] }
  let requests = 5000
  try {
    for (let round = -warmUps; round < rounds; round += 1) {
      const order = round % 2 === 0 ? (['floor', 'ours'] as const) : (['ours', 'floor'] as const)
      for (const way of order) {
        const taken = await run(hosts[way], requests)
        if (round >= 0) micros[way].push(taken)
        else if (way === 'floor') requests = Math.max(100, Math.round(roundMicros / taken))
      }
    }
  } finally {
    hosts.floor.disconnect()
    hosts.ours.disconnect()
  }
  return micros
}

async function start(way: string, name: string): Promise<ChildProcess> {
  const host = fork(new URL('host.ts', import.meta.url), [way, name])
  await answer(host)
  return host
}

async function run(host: ChildProcess, requests: number): Promise<number> {
  host.send({ requests })
  return answer(host)
}

async function answer(host: ChildProcess): Promise<number> {
  const ended = new AbortController()
  const { signal } = ended
  const exit = once(host, 'exit', { signal }).then(([code]) => {
    throw new Error(`A host ended with ${code}.`)
  })
  exit.catch(() => {})
  try {
    const [message] = await Promise.race([once(host, 'message', { signal }), exit])
    return (message as { micros: number }).micros
  } finally {
    ended.abort()
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] as number
}

function row(name: string, cells: readonly string[]): string {
  return name.padEnd(14) + cells.map((cell) => cell.padStart(14)).join('')
}
