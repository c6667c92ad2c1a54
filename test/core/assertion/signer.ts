import {
  type Algorithm,
  createTokenProvider,
  type Jwk,
  type TokenProviderOptions,
} from '@countersign/core'
import { type AuthorizationServer, createAuthorizationServer } from '@countersign/testing'
import { compactVerify, importJWK } from 'jose'
import { describe, expect, onTestFinished, test } from 'vitest'

/** One way of having assertions signed. */
export interface SignerUnderTest {
  readonly name: string
  readonly alg: Algorithm
  /** The expected `kid` of the header. */
  readonly kid: string | undefined
  readonly publicKey: Jwk
  /** Options of the provider. */
  readonly options: Pick<TokenProviderOptions, 'key' | 'passphrase' | 'alg' | 'kid' | 'signer'>
  /** The bytes that the signer has received, if the test can see them. */
  readonly signed?: readonly Uint8Array[]
}

/**
 * What every signer promises, local or remote: a server accepts its assertions, any library
 * verifies them, the header is true, and many are signed at once.
 */
export function signerSuite(subject: () => SignerUnderTest, name: string): void {
  describe(`signer: ${name}`, { tags: ['K11'] }, () => {
    test('a server that verifies the assertion returns a token', async () => {
      const { alg, kid } = subject()
      const { server, tokens, assertions } = await start(subject())
      const { value } = await tokens.getAccessToken()
      expect(server.isLive(value)).toBe(true)
      const header = { alg, typ: 'JWT', ...(kid !== undefined && { kid }) }
      expect(server.requests).toMatchObject([{ status: 200 }])
      expect(server.requests.map((request) => request.header)).toEqual([header])
      expect(assertions).toHaveLength(1)
    })

    test('the signer receives the ASCII bytes of header and payload, once for each assertion', async () => {
      const { alg, publicKey, signed } = subject()
      const before = signed?.length
      const { tokens, assertions } = await start(subject())
      for (let asked = 0; asked < 3; asked++) await tokens.getAccessToken({ forceRenewal: true })
      const key = await importJWK(publicKey, alg)
      for (const assertion of assertions) await compactVerify(assertion, key, { algorithms: [alg] })
      const inputs = assertions.map((assertion) => assertion.replace(/\.[^.]*$/, ''))
      expect(inputs).toHaveLength(3)
      for (const input of inputs) expect(input).toMatch(/^[\w-]+\.[\w-]+$/)
      if (signed === undefined) return
      const given = signed.slice(before).map((bytes) => Buffer.from(bytes).toString('latin1'))
      expect(given).toEqual(inputs)
    })

    test('signs a hundred assertions at once', async () => {
      const { server, tokens } = await start(subject())
      const scopes = Array.from({ length: 100 }, (_, index) => `scope-${index}`)
      const issued = await Promise.all(scopes.map((scope) => tokens.getAccessToken({ scope })))
      expect(issued.map(({ scope }) => scope)).toEqual(scopes)
      expect(new Set(issued.map(({ value }) => value)).size).toBe(100)
      expect(server.requests.map(({ status }) => status)).toEqual(Array(100).fill(200))
      expect(new Set(server.requests.map(({ jti }) => jti)).size).toBe(100)
    })

    test('the signature of another key is rejected', async () => {
      const { publicKey, alg } = subject()
      const other = { ...publicKey, ...(await otherKey(alg)) }
      const { server, tokens } = await start({ ...subject(), publicKey: other })
      await expect(tokens.getAccessToken()).rejects.toMatchObject({ error: 'invalid_client' })
      expect(server.requests).toMatchObject([
        { status: 401, refusal: 'invalid_client: the signature is wrong' },
      ])
    })
  })
}

/** A server that knows the client by this one key, algorithm and kid, and a provider for it. */
async function start({ alg, kid, publicKey, options }: SignerUnderTest) {
  const server: AuthorizationServer = await createAuthorizationServer()
  onTestFinished(() => server.close())
  const clientId = 'client-1'
  const key = { ...publicKey, alg, ...(kid !== undefined && { kid }) }
  server.register({ clientId, jwks: { keys: [key] }, algorithms: [alg] })
  const { tokenEndpoint } = server
  const assertions: string[] = []
  const tokens = createTokenProvider({
    ...{ clientId, tokenEndpoint },
    ...options,
    // A hundred requests at once on a machine that is busy.
    timeout: 60_000,
    fetch: (url, init) => {
      assertions.push(new URLSearchParams(String(init.body)).get('client_assertion') ?? '')
      return fetch(url, init)
    },
  })
  return { server, tokens, assertions }
}

async function otherKey(alg: Algorithm): Promise<object> {
  const usages = ['sign', 'verify'] as const
  const rsa = { modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' }
  const algorithm =
    alg === 'ES256' ? { name: 'ECDSA', namedCurve: 'P-256' } : { name: 'RSA-PSS', ...rsa }
  const pair = await crypto.subtle.generateKey(algorithm, true, [...usages])
  if (!('publicKey' in pair)) throw new Error('no pair')
  const { x, y, n, e } = await crypto.subtle.exportKey('jwk', pair.publicKey)
  return alg === 'ES256' ? { x, y } : { n, e }
}
