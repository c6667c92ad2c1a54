/**
 * From the start of a process to its first API call: with the packages, and written by hand with
 * jose and fetch. `node bench/start.ts`, after `pnpm build`.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { loadavg } from 'node:os'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { fileURLToPath, pathToFileURL } from 'node:url'

type Way = 'countersign' | 'by-hand'

/** Of the median by hand. */
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

let arrived: (() => void) | undefined

const tokenEndpoint = await listen(async (request, response) => {
  const form = new URLSearchParams(await text(request))
  const isAsWanted =
    form.get('client_id') === clientId && form.get('client_assertion')?.startsWith('eyJ')
  response.writeHead(isAsWanted ? 200 : 400, { 'content-type': 'application/json' })
  response.end(
    JSON.stringify({ access_token: accessToken, token_type: 'Bearer', expires_in: 86_400 }),
  )
})
const api = await listen((request, response) => {
  if (request.headers.authorization === `Bearer ${accessToken}`) arrived?.()
  response.end('{}')
})

console.log(`${starts} starts of each, in turn, after ${warmUps} to warm up: milliseconds from the`)
console.log('start of the process to the arrival of its first API call, with an ES256 key. Token')
console.log('endpoint and API are here. Fails when the ratio of medians exceeds its bound.')
console.log(`Node ${process.version}, ${process.platform} ${process.arch}, load ${load()}.\n`)

const millis: Record<Way, number[]> = { 'by-hand': [], countersign: [] }
for (let round = -warmUps; round < starts; round += 1) {
  const order =
    round % 2 === 0 ? (['by-hand', 'countersign'] as const) : (['countersign', 'by-hand'] as const)
  for (const way of order) {
    const taken = await start(way)
    if (round >= 0) millis[way].push(taken)
  }
}

console.log(row('', ['median', 'fastest', 'slowest']))
for (const [way, taken] of Object.entries(millis)) {
  const shown = [median(taken), Math.min(...taken), Math.max(...taken)]
  console.log(
    row(
      way,
      shown.map((value) => value.toFixed(1)),
    ),
  )
}
const ratio = median(millis.countersign) / median(millis['by-hand'])
const isSlow = ratio > most
if (isSlow) process.exitCode = 1
console.log(
  `\nratio ${ratio.toFixed(3)}, bound ${most}${isSlow ? '  too slow' : ''}; load ${load()}`,
)
process.exit()

/** Milliseconds until the API is called by a new process. */
async function start(way: Way): Promise<number> {
  const called = new Promise<number>((resolve) => {
    arrived = () => resolve(performance.now())
  })
  const before = performance.now()
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL(`start-${way}.mjs`, import.meta.url))],
    {
      env: {
        CLIENT_ID: clientId,
        PRIVATE_KEY: key,
        TOKEN_ENDPOINT: `${tokenEndpoint}/token`,
        API_ORIGIN: api,
        JOSE: jose,
      },
      stdio: ['ignore', 'inherit', 'inherit'],
      timeout: limitMillis,
    },
  )
  await ended(child, way)
  return (await called) - before
}

async function ended(child: ChildProcess, way: Way): Promise<void> {
  const [code, signal] = await once(child, 'exit')
  if (code !== 0) throw new Error(`start-${way}.mjs ended with ${code ?? signal}.`)
}

async function listen(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number
}

function load(): string {
  return (loadavg()[0] as number).toFixed(2)
}

function row(name: string, cells: readonly string[]): string {
  return name.padEnd(12) + cells.map((cell) => cell.padStart(10)).join('')
}
