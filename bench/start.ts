/**
 * The time from the start of a process to its first API call: with the packages, and written by hand
 * with jose and fetch. `node bench/start.ts`, after `pnpm build`.
 */
import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import { loadavg } from 'node:os'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { listen } from '../examples/servers/listen.ts'
import { formatRow, median } from './measure.ts'

/** The highest ratio to the median by hand. */
const most = 1
const starts = 30
const warmUps = 3
const limitMillis = 20_000

const clientId = 'bench'
const accessToken = 'x'.repeat(800)
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

const core = createRequire(new URL('../packages/core/package.json', import.meta.url))
const jose = pathToFileURL(core.resolve('jose')).href
const client = { CLIENT_ID: clientId, PRIVATE_KEY: key, JOSE: jose }

let arrived: (() => void) | undefined

const tokenEndpoint = await listenTo(async (request, response) => {
  const form = new URLSearchParams(await text(request))
  const isAsWanted =
    form.get('client_id') === clientId && form.get('client_assertion')?.startsWith('eyJ')
  response.writeHead(isAsWanted ? 200 : 400, { 'content-type': 'application/json' })
  response.end(
    JSON.stringify({ access_token: accessToken, token_type: 'Bearer', expires_in: 86_400 }),
  )
})
const api = await listenTo((request, response) => {
  if (request.headers.authorization === `Bearer ${accessToken}`) arrived?.()
  response.end('{}')
})

console.log(
  `${starts} starts of each, in turn, after ${warmUps} to warm up: milliseconds from the start of the
process to its first API call, with an ES256 key. Token endpoint and API are in this process.
Fails when the ratio of medians exceeds its bound.
Node ${process.version}, ${process.platform} ${process.arch}, load ${load()}.\n`,
)

const ways = ['by-hand', 'countersign'] as const
const millis: Record<(typeof ways)[number], number[]> = { 'by-hand': [], countersign: [] }
for (let round = -warmUps; round < starts; round += 1) {
  for (const way of round % 2 === 0 ? ways : ways.toReversed()) {
    const taken = await start(way)
    if (round >= 0) millis[way].push(taken)
  }
}

console.log(formatRow('', ['median', 'fastest', 'slowest'], 12))
for (const [way, taken] of Object.entries(millis)) {
  const shown = [median(taken), Math.min(...taken), Math.max(...taken)]
  const cells = shown.map((value) => value.toFixed(1))
  console.log(formatRow(way, cells, 12))
}
const ratio = median(millis.countersign) / median(millis['by-hand'])
const isSlow = ratio > most
if (isSlow) process.exitCode = 1
console.log(
  `\nratio ${ratio.toFixed(3)}, bound ${most}${isSlow ? '  too slow' : ''}; load ${load()}`,
)
process.exit()

/** Milliseconds until the API is called by a new process. */
async function start(way: string): Promise<number> {
  const called = new Promise<number>((resolve) => {
    arrived = () => resolve(performance.now())
  })
  const before = performance.now()
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL(`start-${way}.mjs`, import.meta.url))],
    {
      env: { ...client, TOKEN_ENDPOINT: `${tokenEndpoint}/token`, API_ORIGIN: api },
      stdio: ['ignore', 'inherit', 'inherit'],
      timeout: limitMillis,
    },
  )
  const [code, signal] = await once(child, 'exit')
  if (code !== 0) throw new Error(`start-${way}.mjs exited with ${code ?? signal}.`)
  return (await called) - before
}

async function listenTo(answer: RequestListener): Promise<string> {
  return (await listen(createServer(answer))).origin
}

function load(): string {
  return (loadavg()[0] as number).toFixed(2)
}
