import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'
import { listen } from './listen.ts'

export interface KmsServer {
  origin: string
  /** Makes a key and says its id. */
  createKey(spec: KeySpec): string
  /** In order of arrival. */
  requests: KmsRequest[]
  close(): Promise<void>
}

type KeySpec = 'ECC_NIST_P256' | 'RSA_2048'

interface KmsRequest {
  /** The operation, such as `TrentService.Sign`. */
  target: string
  contentType: string | undefined
  /** The access key that signed the request. The signature is not verified. */
  accessKeyId: string | undefined
  input: Record<string, unknown>
}

interface Key {
  spec: KeySpec
  privateKey: KeyObject
  publicKey: KeyObject
}

const account = 'arn:aws:kms:eu-central-1:111122223333:key/'
const ecAlgorithms = ['ECDSA_SHA_256']
const rsaAlgorithms = ['RSASSA_PSS_SHA_256', 'RSASSA_PKCS1_V1_5_SHA_256']
const longestMessage = 4096

/** An answer of KMS that is an error: its type and message. */
class KmsFailure {
  readonly body: { __type: string; message: string }
  constructor(type: string, message: string) {
    this.body = { __type: type, message }
  }
}

/**
 * Stands in for AWS KMS, which cannot be started on one's own machine: the operations Sign and
 * GetPublicKey, in the protocol that the AWS SDK speaks (JSON 1.1 over HTTP), with keys that are
 * made here and are gone when the process ends. It knows no accounts: any credentials will do.
 */
export async function startKmsServer(): Promise<KmsServer> {
  const keys = new Map<string, Key>()
  const requests: KmsRequest[] = []

  async function answer(request: IncomingMessage): Promise<object> {
    const { headers } = request
    const input = (await json(request)) as Record<string, unknown>
    const target = String(headers['x-amz-target'])
    const accessKeyId = /Credential=([^/]+)\//.exec(headers.authorization ?? '')?.[1]
    requests.push({ target, contentType: headers['content-type'], accessKeyId, input })
    if (accessKeyId === undefined)
      throw new KmsFailure('MissingAuthenticationTokenException', 'Missing Authentication Token')
    const id = String(input.KeyId).replace(account, '')
    const key = keys.get(id)
    if (key === undefined) throw new KmsFailure('NotFoundException', `Key '${id}' does not exist`)
    const KeyId = `${account}${id}`
    if (target === 'TrentService.Sign') return { KeyId, ...signed(key, input) }
    if (target === 'TrentService.GetPublicKey') return { KeyId, ...published(key) }
    throw new KmsFailure('UnknownOperationException', '')
  }

  const server = createServer(async (request, response) => {
    const outcome = await answer(request).catch((error: unknown) => error)
    const isFailure = outcome instanceof KmsFailure
    const isAnswer = !isFailure && !(outcome instanceof Error)
    const body = isFailure ? outcome.body : isAnswer ? outcome : { __type: 'InternalFailure' }
    const status = isAnswer ? 200 : isFailure ? 400 : 500
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' })
    response.end(JSON.stringify(body))
  })
  const { origin, close } = await listen(server)

  return {
    origin,
    createKey(spec) {
      const id = crypto.randomUUID()
      const pair =
        spec === 'RSA_2048'
          ? generateKeyPairSync('rsa', { modulusLength: 2048 })
          : generateKeyPairSync('ec', { namedCurve: 'P-256' })
      keys.set(id, { spec, ...pair })
      return id
    },
    requests,
    close,
  }
}

function signed(key: Key, { Message, MessageType, SigningAlgorithm }: Record<string, unknown>) {
  const message = Buffer.from(String(Message), 'base64')
  if (message.length === 0 || message.length > longestMessage || MessageType !== 'RAW')
    throw new KmsFailure('ValidationException', 'Message or MessageType is not as it must be here')
  const algorithm = String(SigningAlgorithm)
  if (!algorithmsOf(key).includes(algorithm)) {
    const text = `Algorithm ${algorithm} is incompatible with key spec ${key.spec}.`
    throw new KmsFailure('InvalidKeyUsageException', text)
  }
  const isPss = algorithm.startsWith('RSASSA_PSS')
  const padding = isPss ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : {}
  const input = { key: key.privateKey, dsaEncoding: 'der', ...padding } as const
  const signature = sign('sha256', message, input).toString('base64')
  return { Signature: signature, SigningAlgorithm: algorithm }
}

function published(key: Key) {
  return {
    KeySpec: key.spec,
    KeyUsage: 'SIGN_VERIFY',
    PublicKey: key.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    SigningAlgorithms: algorithmsOf(key),
  }
}

function algorithmsOf({ spec }: Key): readonly string[] {
  return spec === 'RSA_2048' ? rsaAlgorithms : ecAlgorithms
}
