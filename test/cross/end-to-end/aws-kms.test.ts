// @module-tag K11

import type { Algorithm, Jwk } from '@countersign/core'
import {
  type AuthorizationServer,
  createAuthorizationServer,
  createResourceServer,
  type ResourceServer,
} from '@countersign/testing'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { startAuthorizationServer } from '../../../examples/servers/authorization-server.ts'
import { type KmsServer, startKmsServer } from '../../../examples/servers/kms-server.ts'
import { startRecordingApi } from '../../support/recording-api.ts'
import { runProgram } from '../../support/run-program.ts'
import { clientId } from './example-program.ts'

const program = new URL('../../../examples/aws-kms.ts', import.meta.url)
const accessKeyId = 'any-access-key-id'
let kms: KmsServer
let server: AuthorizationServer
let api: ResourceServer

beforeEach(async () => {
  kms = await startKmsServer()
  server = await createAuthorizationServer({ format: 'jwt' })
  api = await createResourceServer(server)
})
afterEach(() => Promise.all([kms.close(), server.close(), api.close()]))

for (const [alg, spec, signingAlgorithm] of [
  ['ES256', 'ECC_NIST_P256', 'ECDSA_SHA_256'],
  ['PS256', 'RSA_2048', 'RSASSA_PSS_SHA_256'],
  ['RS256', 'RSA_2048', 'RSASSA_PKCS1_V1_5_SHA_256'],
] as const) {
  test(`aws-kms.ts calls the API with a token got with ${alg}, signed once in KMS`, async () => {
    const KeyId = kms.createKey(spec)
    const { keys } = await register(KeyId, alg)
    const kinds = {
      ES256: ['kty', 'crv', 'x', 'y'],
      PS256: ['kty', 'n', 'e'],
      RS256: ['kty', 'n', 'e'],
    }
    expect(keys.map(Object.keys)).toEqual([[...kinds[alg], 'kid', 'use', 'alg']])
    expect(keys).toMatchObject([{ kid: 'kms-2026', use: 'sig', alg }])

    const ended = await runProgram(program, environment(KeyId, alg))

    expect(ended).toEqual({ code: 0, stdout: '200\n', stderr: '' })
    expect(server.requests).toMatchObject([{ clientId, status: 200 }])
    expect(server.requests.map(({ header }) => header)).toEqual([
      { alg, kid: 'kms-2026', typ: 'JWT' },
    ])
    expect(api.requests.map(({ status }) => status)).toEqual([200])
    const spoken = { contentType: 'application/x-amz-json-1.1', accessKeyId }
    const Message = expect.stringMatching(/^[A-Za-z0-9+/]+=*$/)
    expect(kms.requests).toEqual([
      { target: 'TrentService.GetPublicKey', ...spoken, input: { KeyId } },
      {
        target: 'TrentService.Sign',
        ...spoken,
        input: { KeyId, Message, MessageType: 'RAW', SigningAlgorithm: signingAlgorithm },
      },
    ])
  })
}

test.each([
  ['ES256', 'ECC_NIST_P256'],
  ['PS256', 'RSA_2048'],
] as const)('oidc-provider accepts the %s of KMS, too', async (algorithm, spec) => {
  const id = kms.createKey(spec)
  const [publicKey] = (await register(id, algorithm)).keys
  if (publicKey === undefined) expect.unreachable('no key was printed')
  const client = { clientId, algorithm, publicKey, tokenLifetimeSeconds: 600 }
  const issuer = await startAuthorizationServer([client], api.origin, () => {})
  const anyApi = await startRecordingApi((response) => void response.end())
  onTestFinished(() => Promise.all([issuer.close(), anyApi.close()]).then(() => {}))
  const { tokenEndpoint } = issuer

  const own = { TOKEN_ENDPOINT: tokenEndpoint, API_ORIGIN: anyApi.origin }
  const ended = await runProgram(program, { ...environment(id, algorithm), ...own })

  expect(ended).toEqual({ code: 0, stdout: '200\n', stderr: '' })
  expect(anyApi.seen).toMatchObject([{ authorization: expect.stringMatching(/^Bearer \S+$/) }])
})

test.each<[string, () => string, Algorithm, string]>([
  ['a key that KMS does not have', () => crypto.randomUUID(), 'ES256', 'NotFoundException'],
  ['a key of another kind', () => kms.createKey('RSA_2048'), 'ES256', 'InvalidKeyUsageException'],
])(
  'aws-kms.ts with %s asks for no token, and tells the kind of failure alone',
  async (_, keyId, alg, name) => {
    const ended = await runProgram(program, environment(keyId(), alg))
    expect(ended).toMatchObject({ code: 1, stdout: '' })
    expect(ended.stderr).toContain('KeyError: signer.sign() failed.')
    expect(ended.stderr).toContain("code: 'ERR_KEY_PROVIDER'")
    expect(ended.stderr).toContain(`[cause]: ${name}: The original message is omitted`)
    expect(ended.stderr).not.toMatch(/eyJ|does not exist|incompatible|\$metadata/)
    expect(server.requests).toEqual([])
    expect(api.requests).toEqual([])
    expect(kms.requests).toHaveLength(1)
  },
)

/** As an administrator would: with what the program prints. */
async function register(keyId: string, alg: Algorithm): Promise<{ keys: Jwk[] }> {
  const { code, stdout, stderr } = await runProgram(program, environment(keyId, alg), {
    args: ['jwks'],
  })
  expect([code, stderr]).toEqual([0, ''])
  const jwks: { keys: Jwk[] } = JSON.parse(stdout)
  server.register({ clientId, jwks, algorithms: [alg] })
  return jwks
}

function environment(keyId: string, alg: Algorithm): Record<string, string> {
  return {
    CLIENT_ID: clientId,
    TOKEN_ENDPOINT: server.tokenEndpoint,
    API_ORIGIN: api.origin,
    ...{ KMS_KEY_ID: keyId, KMS_KID: 'kms-2026', KMS_ALG: alg },
    ...{ AWS_REGION: 'eu-central-1', AWS_ENDPOINT_URL_KMS: kms.origin },
    ...{ AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: 'any-secret' },
  }
}
