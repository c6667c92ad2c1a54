/** Tells how the heap grows with a hundred thousand scopes, and with a million calls for one token. */
import { generateKeyPairSync } from 'node:crypto'
import { createTokenProvider } from '@countersign/core'

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
let requests = 0
const tokens = createTokenProvider({
  ...{ clientId: 'client-1', tokenEndpoint: 'https://as.example/token', key: privateKey },
  fetch: async () => {
    requests += 1
    return Response.json({ access_token: 't'.repeat(800), token_type: 'Bearer', expires_in: 600 })
  },
})

function heap(): number {
  for (let turn = 0; turn < 3; turn++) globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

const token = await tokens.getAccessToken()
const atFirst = heap()
for (let scope = 0; scope < 97_000; scope++) tokens.currentAccessToken({ scope: `s${scope}` })
for (let scope = 97_000; scope < 100_000; scope++) {
  await tokens.getAccessToken({ scope: `s${scope}` })
}
const ofScopes = heap() - atFirst
// From the newest: what is not kept any more is made anew, and drops the oldest.
const kept = Array.from({ length: 3_000 }, (_, age) =>
  tokens.currentAccessToken({ scope: `s${99_999 - age}` }),
).filter((known) => known !== undefined).length

const before = heap()
const start = performance.now()
let isSame = true
for (let call = 0; call < 1_000_000; call++) {
  isSame &&= (await tokens.getAccessToken()) === token
}
const perSecond = Math.round(1e9 / (performance.now() - start))
const ofCalls = heap() - before
console.log(JSON.stringify({ requests, kept, ofScopes, isSame, ofCalls, perSecond }))
