/**
 * The cost of each adapter for a request with a token at hand, compared with the same library and a
 * constant `Authorization` header: `node bench/warm.ts [library …]`, after `pnpm build`.
 */
import process from 'node:process'
import { formatRow, measureWays, median } from './measure.ts'
import { requests } from './rounds.ts'

/** The highest ratio of each library, without and with a body. */
const bounds: Readonly<Record<string, readonly [bare: number, withBody: number]>> = {
  fetch: [1.1, 1.1],
  ky: [1.1, 1.25],
  axios: [1.15, 1.25],
}
const given = process.argv.slice(2)
const plan = { rounds: 21, warmUps: 4, requests: 5000, roundMicros: 100_000 }

console.log(
  `CPU time (process.cpuUsage), ${plan.rounds} interleaved rounds of about ${plan.roundMicros / 1000} ms, microseconds per request,
each client in a process of its own, with a stubbed transport: fetch and ky build a Request
and a Response; axios sends through an adapter that reads the headers.
Floor: the same library with a constant Authorization header.
Ours: createTokenProvider with a generated ES256 key, whose stubbed 'fetch' answers once.
Node ${process.version}, ${process.platform} ${process.arch}. Fails when the ratio of medians of a row exceeds its bound.\n`,
)
const columns = ['floor median', 'ours median', 'ratio', 'floor min', 'ours min', 'ratio', 'bound']
console.log(formatRow('', columns))

for (const library of Object.keys(bounds).filter(
  (one) => given.length === 0 || given.includes(one),
)) {
  for (const [name, { body, isAbsolute }] of Object.entries(requests)) {
    if (isAbsolute && library !== 'axios') continue
    const measured = await measureWays([library, name], plan)
    const [floor, ours] = [measured.constant, measured.ours].map((figures) =>
      figures.map(({ cpuMicros }) => cpuMicros),
    ) as [number[], number[]]
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
