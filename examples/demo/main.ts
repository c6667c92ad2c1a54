import { setTimeout as pause } from 'node:timers/promises'
import { createTokenProvider, type TokenProvider } from '@countersign/core'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import pc from 'picocolors'
import { type RegisteredClient, startAuthorizationServer } from '../servers/authorization-server.ts'
import { startProtectedApi } from '../servers/protected-api.ts'
import { createClients, createExistingInstance, type HttpClient } from './http-clients.ts'
import { burst, call, createTally, type Tally } from './load.ts'
import { createReport, type Row } from './report.ts'

interface Client extends RegisteredClient {
  privateKey: JWK
}

interface Caller {
  clientId: string
  tokens: TokenProvider
  hosts: readonly HttpClient[]
  /** The status that the axios instance received before it had a token. */
  before: number
  /** The number of tokens that this provider obtained. */
  issued: number
}

const path = '/accounts'
const resource = 'https://api.example/'
const burstSize = 1000
const afterRejectionSize = 100
const turnovers = 2
const shortLifetimeSeconds = 3
const turnoverDeadlineMs = 15_000
const workersPerHost = 7

const report = createReport({ json: process.argv.includes('--json') })
const { say, step, promise } = report

say('This demo runs real servers on loopback and checks what Countersign promises.')
say("Each line starts with 'kept' or 'BROKEN'. A broken promise makes the exit code 1.")

async function makeClient(
  clientId: string,
  algorithm: RegisteredClient['algorithm'],
  tokenLifetimeSeconds: number,
): Promise<Client> {
  const pair = await generateKeyPair(algorithm, { extractable: true })
  const kid = `${clientId}-key`
  const privateKey = { ...(await exportJWK(pair.privateKey)), alg: algorithm, kid }
  const publicKey = { ...(await exportJWK(pair.publicKey)), kid }
  say(`${clientId.padEnd(6)} ${algorithm}, kid ${kid}, tokens of ${tokenLifetimeSeconds} s`)
  return { clientId, algorithm, tokenLifetimeSeconds, privateKey, publicKey }
}

step('Key pairs are made; the private keys stay in this process')
const clients = [
  await makeClient('es256', 'ES256', 600),
  await makeClient('ps256', 'PS256', 600),
  await makeClient('rs256', 'RS256', 600),
]
const shortLived = await makeClient('short', 'ES256', shortLifetimeSeconds)

const tokenRequests = new Map<string, number>()
await using stack = new AsyncDisposableStack()
const server = await startAuthorizationServer(
  [...clients, shortLived],
  resource,
  ({ clientId, claims }) => {
    const before = tokenRequests.get(clientId) ?? 0
    tokenRequests.set(clientId, before + 1)
    if (before > 0 || claims === undefined) return
    say(pc.dim(`claims signed by ${clientId}:`))
    say(JSON.stringify(claims).replace(',"jti"', ',\n    "jti"'))
  },
)
stack.defer(() => server.close())
const api = await startProtectedApi({
  issuer: server.issuer,
  jwksUri: server.jwksUri,
  audience: resource,
})
stack.defer(() => api.close())

step('An authorization server and a protected API start on loopback')
say(`oidc-provider at ${server.issuer}: private_key_jwt, keys by JWKS`)
say(`API at ${api.origin}: verifies access tokens, can refuse them by jti`)

async function makeCaller({ clientId, privateKey }: Client): Promise<Caller> {
  const tokens = createTokenProvider({
    clientId,
    tokenEndpoint: server.tokenEndpoint,
    key: { ...privateKey, kty: privateKey.kty ?? '' },
    resource,
    onEvent: (event) => {
      if (event.type === 'token-issued') caller.issued += 1
      if (event.type === 'token-request-failed') say(pc.red(event.error.message))
    },
  })
  const instance = createExistingInstance(api.origin)
  const { status } = await instance.get(path)
  const hosts = createClients(instance, tokens, api.origin)
  const caller: Caller = { clientId, tokens, hosts, before: status, issued: 0 }
  return caller
}

/** Runs a load through all hosts at once; adds its row, with the token requests counted meanwhile. */
async function record(
  name: string,
  { clientId, hosts }: Caller,
  load: (host: HttpClient, tally: Tally) => Promise<void>,
): Promise<Row> {
  const before = tokenRequests.get(clientId) ?? 0
  const tallies = hosts.map(createTally)
  await Promise.all(hosts.map((host, index) => load(host, tallies[index] as Tally)))
  const added = (tokenRequests.get(clientId) ?? 0) - before
  const row = report.row(name, clientId, added, tallies)
  const each = tallies.map(({ host, answered200 }) => `${host} ${answered200}`).join(', ')
  const failures = tallies.flatMap(({ host, failure }) => (failure ? `; ${host}: ${failure}` : []))
  promise(
    `${clientId}: ${row.answered200} of ${row.requests} answered 200 (${each})${failures.join('')}`,
    row.answered200 === row.requests,
  )
  return row
}

step('Each client gets one provider, for three hosts')
say('axios  an instance in use already, then addAuthorization(instance, tokens)')
say('ky     ky.create({ hooks: authorizationHooks(tokens, { origins }) })')
say('fetch  authorizedFetch(tokens, { origins })')
const callers: Caller[] = []
for (const client of clients) callers.push(await makeCaller(client))
const short = await makeCaller(shortLived)
const answers = [...callers, short].map(({ before }) => before)
const turnedAway = answers.filter((status) => status === 401).length
promise(
  `before that line the API turned axios away, as it should: ${turnedAway} of ${answers.length} with 401`,
  turnedAway === answers.length,
)

step(`${burstSize} requests through each host at once, for each algorithm; no token yet`)
for (const caller of callers) {
  const row = await record('burst', caller, (host, tally) => burst(host, path, tally, burstSize))
  promise(
    `${caller.clientId}: one token request (${row.tokenRequests} counted)`,
    row.tokenRequests === 1,
  )
}

step(`A ${shortLifetimeSeconds} s token under load, over ${turnovers} turnovers`)
say('a turnover: a new token takes the place of the old one before that ends')
let gaps = 0
const deadline = performance.now() + turnoverDeadlineMs
const turnover = await record('turnover', short, async (host, tally) => {
  await call(host, path, tally)
  const worker = async () => {
    while (short.issued <= turnovers && performance.now() < deadline) {
      if (short.tokens.currentAccessToken() === undefined) gaps += 1
      await call(host, path, tally)
      await pause(5)
    }
  }
  await Promise.all(Array.from({ length: workersPerHost }, worker))
  // So that the API has seen the last token too.
  await call(host, path, tally)
})
promise(`currentAccessToken() was never undefined (${gaps} gaps)`, gaps === 0)
promise(`${turnovers} turnovers happened (${short.issued - 1})`, short.issued - 1 === turnovers)
promise(
  `one token request at first and one per turnover (${turnover.tokenRequests} counted)`,
  turnover.tokenRequests === 1 + turnovers,
)

step('The API rejects every token that it has seen, and the calls recover')
say(`tokens that the API rejects from now on, by their jti: ${api.rejectAllSeen()}`)
for (const caller of [...callers, short]) {
  const row = await record('rejected', caller, (host, tally) =>
    burst(host, path, tally, afterRejectionSize),
  )
  promise(
    `${caller.clientId}: exactly one more token request (${row.tokenRequests} counted)`,
    row.tokenRequests === 1,
  )
}

report.finish()
