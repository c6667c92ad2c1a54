import type { AuthorizationServer } from '@countersign/testing'
import {
  type ChannelCredentials,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
  status,
} from '@grpc/grpc-js'
import { selfSigned } from '../support/certificates.ts'

const toBytes = (text: string) => Buffer.from(text)
const toText = (bytes: Buffer) => bytes.toString()
const definition = {
  list: {
    ...{ path: '/accounts.Accounts/List', requestStream: false, responseStream: false },
    ...{ requestSerialize: toBytes, requestDeserialize: toText },
    ...{ responseSerialize: toBytes, responseDeserialize: toText },
  },
}

/** Starts a gRPC server on loopback that accepts the live tokens of the authorization server. */
export async function serveGrpc(
  authorizationServer: AuthorizationServer,
  createCredentials: (root: Buffer) => ChannelCredentials,
) {
  const { cert, key } = await selfSigned()
  const server = new Server()
  server.addService(definition, {
    list(
      call: { metadata: { get(name: string): unknown[] } },
      done: (...given: unknown[]) => void,
    ) {
      const token = String(call.metadata.get('authorization')[0]).replace('Bearer ', '')
      if (authorizationServer.isLive(token)) done(null, 'listed')
      else done({ code: status.UNAUTHENTICATED })
    },
  })
  const keys = [{ cert_chain: Buffer.from(cert), private_key: Buffer.from(key) }]
  const serverCredentials = ServerCredentials.createSsl(null, keys)
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', serverCredentials, (error, port) =>
      error ? reject(error) : resolve(port),
    ),
  )
  const Client = makeGenericClientConstructor(definition, 'Accounts')
  const client = new Client(`127.0.0.1:${port}`, createCredentials(Buffer.from(cert)))
  return {
    list: () =>
      new Promise<string>((resolve, reject) =>
        client.list?.('all', (error: Error | null, answer: string) =>
          error ? reject(error) : resolve(answer),
        ),
      ),
    async [Symbol.asyncDispose]() {
      client.close()
      server.forceShutdown()
    },
  }
}
