/**
 * What each adapter adds to a request with a token at hand, against the same library with a
 * constant `Authorization` header. `node bench/warm.ts [library …]`, after `pnpm build`.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { type Library, most, type Row, requests, type Way } from './rows.ts'

const given = process.argv.slice(2)
const libraries = (Object.keys(most) as Library[]).filter(
  (library) => given.length === 0 || given.includes(library),
)
const rounds = 21
const warmUps = 4
const roundMicros = 100_000

console.log(
  `CPU time (process.cpuUsage), ${rounds} interleaved rounds of about ${roundMicros / 1000} ms, microseconds per request,`,
)
console.log(
  'each host in a process of its own, with a stubbed transport: what fetch and ky send is',
)
console.log(
  'built into a Request and answered with a Response; axios sends through an adapter that',
)
console.log('reads the headers.')
console.log('Floor: the same library with a constant Authorization header.')
console.log(
  "Ours: a real createTokenProvider with a generated ES256 key, whose stubbed 'fetch' answers one token, once.",
)
console.log(
  `Node ${process.version}, ${process.platform} ${process.arch}. Fails when the ratio of medians of a row exceeds its bound.\n`,
)

const columns = ['floor median', 'ours median', 'ratio', 'floor min', 'ours min', 'ratio', 'bound']
console.log(row('', columns))

for (const library of libraries) {
  for (const [name, { body, isAbsolute }] of Object.entries<Row>(requests)) {
    if (isAbsolute && library !== 'axios') continue
    const { floor, ours } = await measure(library, name)
    const bound = body === undefined ? most[library].bare : most[library].withBody
    const ofMedians = median(ours) / median(floor)
    const ofMinima = Math.min(...ours) / Math.min(...floor)
    const isSlow = ofMedians > bound
    if (isSlow) process.exitCode = 1
    const medians = [median(floor), median(ours), ofMedians]
    const minima = [Math.min(...floor), Math.min(...ours), ofMinima]
    const cells = [...medians, ...minima].map((value) => value.toFixed(3))
    console.log(
      row(`${library} ${name}`, [...cells, bound.toFixed(2)]) + (isSlow ? '  too slow' : ''),
    )
  }
}

async function measure(
  library: Library,
  name: string,
): Promise<{ floor: number[]; ours: number[] }> {
  const hosts = {
    floor: await start(library, 'floor', name),
    ours: await start(library, 'ours', name),
  }
  const micros: { floor: number[]; ours: number[] } = { floor: [], ours: [] }
  let count = 5000
  try {
    for (let round = -warmUps; round < rounds; round += 1) {
      const order = round % 2 === 0 ? (['floor', 'ours'] as const) : (['ours', 'floor'] as const)
      for (const way of order) {
        const taken = await run(hosts[way], count)
        if (round >= 0) micros[way].push(taken)
        else if (way === 'floor') count = Math.max(100, Math.round(roundMicros / taken))
      }
    }
  } finally {
    hosts.floor.disconnect()
    hosts.ours.disconnect()
  }
  return micros
}

async function start(library: Library, way: Way, name: string): Promise<ChildProcess> {
  const host = fork(new URL('host.ts', import.meta.url), [library, way, name])
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
  return name.padEnd(20) + cells.map((cell) => cell.padStart(13)).join('')
}
