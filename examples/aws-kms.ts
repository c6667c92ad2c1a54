/** Signs with a key in AWS KMS. `node aws-kms.ts jwks` prints the JWK Set to register for it. */
import { GetPublicKeyCommand, KMSClient, SignCommand } from '@aws-sdk/client-kms'
import { type Algorithm, type AssertionSigner, createTokenProvider } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { publicJwks } from '@countersign/core/keys'

const { CLIENT_ID, TOKEN_ENDPOINT, API_ORIGIN = '' } = process.env
const { KMS_KEY_ID = '', KMS_KID = 'kms-1', KMS_ALG = 'ES256' } = process.env

const kms = new KMSClient() // region and credentials from the environment, as AWS has them
const key = { id: KMS_KEY_ID, kid: KMS_KID, alg: KMS_ALG as Algorithm }

if (process.argv[2] === 'jwks') console.log(JSON.stringify(await kmsJwks(kms, key)))
else await callApi()

async function callApi(): Promise<void> {
  const tokens = createTokenProvider({
    clientId: CLIENT_ID,
    tokenEndpoint: TOKEN_ENDPOINT,
    signer: kmsSigner(kms, key),
  })
  const api = authorizedFetch(tokens, { origins: [API_ORIGIN] })
  const { status } = await api(`${API_ORIGIN}/accounts`)
  console.log(status)
}

interface KmsKey {
  readonly id: string
  /** Any name: the same in the JWK Set and in the assertions. */
  readonly kid: string
  readonly alg: Algorithm
}

/** The private key stays in KMS; what it answers for ES256 is DER, which is converted. */
function kmsSigner(kms: KMSClient, { id, kid, alg }: KmsKey): AssertionSigner {
  const algorithms = {
    ES256: 'ECDSA_SHA_256',
    PS256: 'RSASSA_PSS_SHA_256',
    RS256: 'RSASSA_PKCS1_V1_5_SHA_256',
  } as const
  return {
    alg,
    kid,
    async sign(bytes, signal) {
      const input = { KeyId: id, Message: bytes, MessageType: 'RAW' } as const
      const command = new SignCommand({ ...input, SigningAlgorithm: algorithms[alg] })
      const { Signature } = await kms.send(command, { abortSignal: signal })
      if (Signature === undefined) throw new Error('KMS gave no signature.')
      return Signature
    },
  }
}

async function kmsJwks(kms: KMSClient, { id, kid, alg }: KmsKey) {
  const { PublicKey = [] } = await kms.send(new GetPublicKeyCommand({ KeyId: id }))
  const base64 = Buffer.from(PublicKey).toString('base64')
  const pem = `-----BEGIN PUBLIC KEY-----\n${base64}\n-----END PUBLIC KEY-----`
  return publicJwks([{ key: pem, kid, alg }])
}
