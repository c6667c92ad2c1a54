import { setTimeout as pause } from 'node:timers/promises'
import { createTokenProvider, type TokenProvider } from '@countersign/core'
import { type AuthorizedFetch, authorizedFetch } from '@countersign/core/fetch'
import Table from 'cli-table3'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import pc from 'picocolors'
import { type RegisteredClient, startAuthorizationServer } from './authorization-server.ts'
import { burst, call, emptyTally, type Tally } from './load.ts'
import { startProtectedApi } from './protected-api.ts'

interface Row extends Tally {
  step: string
  client: string
  tokenRequests: number
}

interface Client extends RegisteredClient {
  privateKey: JWK
}

interface Caller {
  clientId: string
  tokens: TokenProvider
  fetch: AuthorizedFetch
  /** Tokens that this provider was issued. */
  issued: number
}

const resource = 'https://api.example/'
const burstSize = 1000
const afterRefusalSize = 100
const turnovers = 2
const shortLifetimeSeconds = 3
const turnoverDeadlineMs = 15_000

const json = process.argv.includes('--json')
const rows: Row[] = []
const broken: string[] = []
let steps = 0

function say(line: string): void {
  if (!json) console.log(line)
}

function step(title: string): void {
  steps += 1
  say(`\n${pc.bold(pc.cyan(`${steps}. ${title}`))}`)
}

function promise(text: string, kept: boolean): void {
  if (!kept) broken.push(text)
  say(`   ${kept ? pc.green('kept  ') : pc.red('BROKEN')} ${text}`)
}

async function makeClient(
  clientId: string,
  algorithm: RegisteredClient['algorithm'],
  tokenLifetimeSeconds: number,
): Promise<Client> {
  const pair = await generateKeyPair(algorithm, { extractable: true })
  const kid = `${clientId}-key`
  const privateKey = { ...(await exportJWK(pair.privateKey)), alg: algorithm, kid }
  const publicKey = { ...(await exportJWK(pair.publicKey)), kid }
  say(`   ${clientId.padEnd(12)} ${algorithm}, kid ${kid}`)
  return { clientId, algorithm, tokenLifetimeSeconds, privateKey, publicKey }
}

step('Key pairs are made; the private keys stay in this process')
const clients = [
  await makeClient('es256', 'ES256', 600),
  await makeClient('ps256', 'PS256', 600),
  await makeClient('rs256', 'RS256', 600),
]
const shortLived = await makeClient('short-lived', 'ES256', shortLifetimeSeconds)

const shown = new Set<string>()
await using stack = new AsyncDisposableStack()
const server = await startAuthorizationServer([...clients, shortLived], resource, (id, claims) => {
  if (shown.has(id)) return
  shown.add(id)
  say(`   ${pc.dim(`claims signed by ${id}:`)} ${JSON.stringify(claims)}`)
})
stack.defer(() => server.close())
const api = await startProtectedApi({
  issuer: server.issuer,
  jwksUri: server.jwksUri,
  audience: resource,
})
stack.defer(() => api.close())
const url = `${api.origin}/accounts`

step('An authorization server and a protected API start on loopback')
say(`   oidc-provider at ${server.issuer}: private_key_jwt, keys registered by JWKS`)
say(`   API at ${api.origin}: verifies JWT access tokens, keeps a list of refused jti`)
say('   as a real API does')

function makeCaller({ clientId, privateKey }: Client): Caller {
  const tokens = createTokenProvider({
    clientId,
    tokenEndpoint: server.tokenEndpoint,
    key: { ...privateKey, kty: privateKey.kty ?? '' },
    resource,
    onEvent: (event) => {
      if (event.type === 'token-issued') caller.issued += 1
      if (event.type === 'token-request-failed') say(`   ${pc.red(event.error.message)}`)
    },
  })
  const fetch = authorizedFetch(tokens, { origins: [api.origin] })
  const caller: Caller = { clientId, tokens, fetch, issued: 0 }
  return caller
}

/** Runs a load and adds its row, with the token requests that the server counted meanwhile. */
async function record(
  name: string,
  { clientId }: Caller,
  load: () => Promise<Tally>,
): Promise<Row> {
  const before = server.tokenRequests(clientId)
  const tally = await load()
  const tokenRequests = server.tokenRequests(clientId) - before
  const row = { step: name, client: clientId, ...tally, tokenRequests }
  rows.push(row)
  promise(
    `${clientId}: ${row.answered200} of ${row.requests} answered 200`,
    row.answered200 === row.requests,
  )
  return row
}

step(`${burstSize} requests at once for each algorithm, with no token yet`)
const callers = clients.map(makeCaller)
for (const caller of callers) {
  const row = await record('burst', caller, () => burst(caller.fetch, url, burstSize))
  promise(
    `${caller.clientId}: one token request (${row.tokenRequests} counted)`,
    row.tokenRequests === 1,
  )
}

step(`A ${shortLifetimeSeconds} s token under load, over ${turnovers} turnovers`)
const short = makeCaller(shortLived)
let gaps = 0
const turnover = await record('turnover', short, async () => {
  const tally = emptyTally()
  await call(short.fetch, url, tally)
  const deadline = performance.now() + turnoverDeadlineMs
  const worker = async () => {
    while (short.issued <= turnovers && performance.now() < deadline) {
      if (short.tokens.currentAccessToken() === undefined) gaps += 1
      await call(short.fetch, url, tally)
      await pause(5)
    }
  }
  await Promise.all(Array.from({ length: 20 }, worker))
  // So that the API has seen the last token too.
  await call(short.fetch, url, tally)
  return tally
})
promise(`currentAccessToken() was never undefined (${gaps} gaps)`, gaps === 0)
promise(`${turnovers} turnovers happened (${short.issued - 1})`, short.issued - 1 === turnovers)
promise(
  `one token request at first and one per turnover (${turnover.tokenRequests} counted)`,
  turnover.tokenRequests === 1 + turnovers,
)

step('Every token seen so far is refused, and the calls recover')
say(`   refused jti: ${api.refuseAllSeen()}`)
for (const caller of [...callers, short]) {
  const row = await record('refused', caller, () => burst(caller.fetch, url, afterRefusalSize))
  promise(
    `${caller.clientId}: exactly one more token request (${row.tokenRequests} counted)`,
    row.tokenRequests === 1,
  )
}

if (json) {
  console.log(JSON.stringify(rows, undefined, 2))
} else {
  const table = new Table({
    head: ['step', 'client', 'requests', 'answered 200', 'token requests', 'slowest'],
    style: { head: pc.isColorSupported ? ['cyan'] : [], border: [] },
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right'],
  })
  for (const row of rows) {
    const { requests, answered200, tokenRequests, slowestMs } = row
    table.push([row.step, row.client, requests, answered200, tokenRequests, `${slowestMs} ms`])
  }
  say(`\n${table.toString()}`)
  say(broken.length === 0 ? pc.green('Every promise was kept.') : pc.red('Promises were broken.'))
}
for (const text of broken) console.error(pc.red(`broken: ${text}`))
if (broken.length > 0) process.exitCode = 1
