import { generateKeyPairSync } from 'node:crypto'
import {
  createTokenProvider,
  type TokenProvider,
  type TokenProviderOptions,
} from '@countersign/core'
import {
  type AuthorizationServer,
  type AuthorizationServerOptions,
  createAuthorizationServer,
} from './authorization-server.js'
import {
  createResourceServer,
  type ResourceServer,
  type ResourceServerOptions,
} from './resource-server.js'

/** A client with its servers, all of which know each other. */
export interface TestClient extends AsyncDisposable {
  /** The authorization server, which knows the client. */
  readonly server: AuthorizationServer
  /** The API, which accepts the live tokens of the server. */
  readonly api: ResourceServer
  /** The provider of the client. */
  readonly tokens: TokenProvider
  /** The environment variables of the client, for a program that reads them. */
  readonly env: {
    /** The client ID. */
    readonly CLIENT_ID: string
    /** The URL of the token endpoint. */
    readonly TOKEN_ENDPOINT: string
    /** The private key, in PEM. */
    readonly PRIVATE_KEY: string
  }
  /** Closes the provider and both servers. */
  close(): Promise<void>
}

/** @inline */
type ClientOptions = Omit<
  TokenProviderOptions,
  'clientId' | 'tokenEndpoint' | 'key' | 'passphrase' | 'alg' | 'kid' | 'signer'
>

/**
 * Starts an authorization server and an API on loopback, and creates a provider that is registered
 * with them by a new key.
 *
 * @param options - Options of the provider. A `clock` is the clock of the server, too.
 * @param serverOptions - Options of the authorization server.
 * @param apiOptions - Options of the API.
 * @returns the client. `await using` closes it.
 *
 * @example
 * ```ts
 * await using client = await createTestClient()
 * const get = authorizedFetch(client.tokens, { origins: [client.api.origin] })
 * ```
 */
export async function createTestClient(
  options: ClientOptions = {},
  serverOptions: AuthorizationServerOptions = {},
  apiOptions: ResourceServerOptions = {},
): Promise<TestClient> {
  const { clock } = options
  const server = await createAuthorizationServer({ ...(clock && { clock }), ...serverOptions })
  const api = await createResourceServer(server, apiOptions)
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const env = {
    CLIENT_ID: 'test-client',
    TOKEN_ENDPOINT: server.tokenEndpoint,
    PRIVATE_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
  server.register({
    clientId: env.CLIENT_ID,
    jwks: { keys: [publicKey.export({ format: 'jwk' })] },
  })
  const tokens = createTokenProvider({
    ...options,
    ...{ clientId: env.CLIENT_ID, tokenEndpoint: env.TOKEN_ENDPOINT, key: env.PRIVATE_KEY },
  })
  const close = async () => {
    await tokens.close()
    await Promise.all([api.close(), server.close()])
  }
  return { server, api, tokens, env, close, [Symbol.asyncDispose]: close }
}
