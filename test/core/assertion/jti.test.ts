// @module-tag A12

import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { createTokenProvider, type TokenFetch } from '@countersign/core'
import { createAuthorizationServer } from '@countersign/testing'
import { decodeJwt } from 'jose'
import { expect, test } from 'vitest'
import { createAssertion, createJti } from '#core/assertion/client-assertion.js'
import { createSigningKeyLoader } from '#core/assertion/signing-key.js'

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const key = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
const jwks = { keys: [createPublicKey(privateKey).export({ format: 'jwk' })] }
const clientId = 'client-1'

async function startServer() {
  const server = await createAuthorizationServer()
  server.register({ clientId, jwks })
  return server
}

test('a retry carries a new jti', async () => {
  await using server = await startServer()
  const unavailable = { status: 503, headers: { 'retry-after': '0' } }
  server.next(unavailable, unavailable)
  const { tokenEndpoint } = server
  await createTokenProvider({ clientId, tokenEndpoint, key }).getAccessToken()
  expect(server.requests.map(({ status }) => status)).toEqual([503, 503, 200])
  expect(new Set(server.requests.map(({ jti }) => jti)).size).toBe(3)
})

test('an assertion that is sent again is rejected', async () => {
  await using server = await startServer()
  const sent: RequestInit[] = []
  const recording: TokenFetch = (url, init) => {
    sent.push(init)
    return fetch(url, init)
  }
  const { tokenEndpoint } = server
  await createTokenProvider({ clientId, tokenEndpoint, key, fetch: recording }).getAccessToken()
  const { method, headers, body } = sent[0] ?? {}
  const replay = await fetch(tokenEndpoint, { method, headers, body } as RequestInit)
  expect(await replay.json()).toEqual({
    error: 'invalid_client',
    error_description: 'jti was used before',
  })
  expect(server.requests.map(({ status }) => status)).toEqual([200, 401])
})

/**
 * To sign a million assertions takes minutes. What makes their jti is asked a million times, and
 * the assertions signed here, in this thread and in four others, are added to the same heap.
 */
test('a million ids, 20,000 assertions and those of four threads have no jti twice', async () => {
  const workers = Array.from({ length: 4 }, () => jtisOfWorker(1_000))
  const seen = new Set<string>()
  for (let made = 0; made < 1_000_000; made++) seen.add(createJti())
  for (const jti of await jtisOfAssertions(20_000)) seen.add(jti)
  for (const jtis of await Promise.all(workers)) for (const jti of jtis) seen.add(jti)
  expect(seen.size).toBe(1_024_000)
  // 22 characters of base64url are 128 bits, the last of them two bits and four zeros.
  let others = 0
  for (const jti of seen) if (!/^[\w-]{21}[AQgw]$/.test(jti)) others++
  expect(others).toBe(0)
}, 120_000)

test('every bit of a jti is random', async () => {
  const bytes = (await jtisOfAssertions(1_000)).map((jti) => Buffer.from(jti, 'base64url'))
  for (let bit = 0; bit < 128; bit++) {
    const ones = bytes.filter((id) => ((id[bit >> 3] ?? 0) >> (bit & 7)) & 1).length
    expect(ones).toBeGreaterThan(300)
    expect(ones).toBeLessThan(700)
  }
})

async function jtisOfAssertions(count: number): Promise<readonly string[]> {
  const unset = { passphrase: undefined, alg: undefined, kid: undefined, signer: undefined }
  const form = {
    ...{ clientId, audience: 'https://as.example', lifetimeSeconds: 60 },
    ...{ typ: 'JWT', claims: {}, header: {} },
  }
  const signingKey = await createSigningKeyLoader({ ...unset, key })()
  const { signal } = new AbortController()
  const sign = (now: number) => createAssertion(form, signingKey, { now, signal })
  const jtis: string[] = []
  while (jtis.length < count) {
    const signed = await Promise.all(Array.from({ length: 1_000 }, () => sign(Date.now())))
    for (const assertion of signed) jtis.push(String(decodeJwt(assertion).jti))
  }
  return jtis
}

/** Returns the jti of assertions from a provider in another thread. */
function jtisOfWorker(count: number): Promise<readonly string[]> {
  const code = `
    const { createRequire } = require('node:module')
    const { parentPort, workerData } = require('node:worker_threads')
    const { createTokenProvider } = createRequire(workerData.from)('@countersign/core')
    const jtis = []
    const answer = JSON.stringify({ access_token: 't', token_type: 'Bearer', expires_in: 600 })
    const tokens = createTokenProvider({
      clientId: 'client-1',
      tokenEndpoint: 'https://as.example/token',
      key: workerData.key,
      fetch: async (url, { body }) => {
        const [, claims] = new URLSearchParams(body).get('client_assertion').split('.')
        jtis.push(JSON.parse(Buffer.from(claims, 'base64url')).jti)
        return new Response(answer, { headers: { 'content-type': 'application/json' } })
      },
    })
    const run = async () => {
      while (jtis.length < workerData.count) await tokens.getAccessToken({ forceRenewal: true })
      parentPort.postMessage(jtis)
    }
    run()
  `
  return new Promise((resolve, reject) => {
    const workerData = { key, count, from: import.meta.url }
    const worker = new Worker(code, { eval: true, workerData })
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}
