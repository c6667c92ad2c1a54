/**
 * The cost of each adapter for a request with a token at hand, compared with the same library and a
 * constant `Authorization` header: `node bench/warm.ts [library …]`, after `pnpm build`.
 */
import process from 'node:process'
import { libraries, requests } from './host.ts'
import { formatRow, median, runRound, startProgram } from './measure.ts'

/** The highest ratio of each library, without and with a body. */
const bounds: Readonly<Record<string, readonly [bare: number, withBody: number]>> = {
  fetch: [1.1, 1.1],
  ky: [1.1, 1.25],
  axios: [1.15, 1.25],
}
const given = process.argv.slice(2)
const rounds = 21
const warmUps = 4
const roundMicros = 100_000

console.log(
  `CPU time (process.cpuUsage), ${rounds} interleaved rounds of about ${roundMicros / 1000} ms, microseconds per request,
each client in a process of its own, with a stubbed transport: fetch and ky build a Request
and a Response; axios sends through an adapter that reads the headers.
Floor: the same library with a constant Authorization header.
Ours: createTokenProvider with a generated ES256 key, whose stubbed 'fetch' answers once.
Node ${process.version}, ${process.platform} ${process.arch}. Fails when the ratio of medians of a row exceeds its bound.\n`,
)
const columns = ['floor median', 'ours median', 'ratio', 'floor min', 'ours min', 'ratio', 'bound']
console.log(formatRow('', columns))

for (const library of libraries.filter((one) => given.length === 0 || given.includes(one))) {
  for (const [name, { body, isAbsolute }] of Object.entries(requests)) {
    if (isAbsolute && library !== 'axios') continue
    const { floor, ours } = await measure(library, name)
    const bound = bounds[library]?.[body === undefined ? 0 : 1] ?? 1
    const medians = [median(floor), median(ours), median(ours) / median(floor)] as const
    const minima = [Math.min(...floor), Math.min(...ours), Math.min(...ours) / Math.min(...floor)]
    const isSlow = medians[2] > bound
    if (isSlow) process.exitCode = 1
    const cells = [...medians, ...minima].map((value) => value.toFixed(3))
    const row = formatRow(`${library} ${name}`, [...cells, bound.toFixed(2)])
    console.log(row + (isSlow ? '  too slow' : ''))
  }
}

async function measure(library: string, name: string) {
  const programs = {
    floor: await startProgram('host.ts', library, 'floor', name),
    ours: await startProgram('host.ts', library, 'ours', name),
  }
  const micros: Record<keyof typeof programs, number[]> = { floor: [], ours: [] }
  let count = 5000
  try {
    for (let round = -warmUps; round < rounds; round += 1) {
      const order = round % 2 === 0 ? (['floor', 'ours'] as const) : (['ours', 'floor'] as const)
      for (const way of order) {
        const { cpuMicros } = await runRound(programs[way], count)
        if (round >= 0) micros[way].push(cpuMicros)
        else if (way === 'floor') count = Math.max(100, Math.round(roundMicros / cpuMicros))
      }
    }
  } finally {
    for (const program of Object.values(programs)) program.disconnect()
  }
  return micros
}
