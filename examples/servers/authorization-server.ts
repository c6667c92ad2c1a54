import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { decodeJwt, exportJWK, generateKeyPair, type JWK, type JWTPayload } from 'jose'
import { errors, Provider } from 'oidc-provider'
import { listen } from './listen.ts'

export interface RegisteredClient {
  clientId: string
  algorithm: 'ES256' | 'PS256' | 'RS256'
  publicKey: JWK
  tokenLifetimeSeconds: number
  /** The scopes that the client may request, separated by spaces. @default Every scope. */
  scope?: string
  /** @default ['client_credentials'] */
  grantTypes?: readonly string[]
}

/** Returns why a stricter server rejects an assertion that is valid, or undefined. */
export type StricterCheck = (assertion: {
  header: Readonly<Record<string, unknown>>
  claims: Readonly<Record<string, unknown>>
}) => string | undefined

/** A token request that arrived at the endpoint, with any result. */
export interface ArrivedTokenRequest {
  clientId: string
  /** `performance.now()` */
  at: number
  /** The claims of the client assertion; undefined for a request that was not answered. */
  claims: JWTPayload | undefined
}

export interface AuthorizationServer {
  issuer: string
  tokenEndpoint: string
  jwksUri: string
  /** While down, the token endpoint counts a request and breaks its connection. */
  setDown(isDown: boolean): void
  close(): Promise<void>
}

/** `oidc-provider` on a free loopback port. */
export async function startAuthorizationServer(
  clients: readonly RegisteredClient[],
  resource: string,
  onTokenRequest: (request: ArrivedTokenRequest) => void = () => {},
  stricterCheck: StricterCheck = () => undefined,
): Promise<AuthorizationServer> {
  const server = createServer()
  const { origin: issuer, close } = await listen(server)
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const signingKey = { ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: 'server' }
  const lifetimes = new Map(clients.map((client) => [client.clientId, client.tokenLifetimeSeconds]))
  let down = false

  const provider = quietly(
    () =>
      new Provider(issuer, {
        jwks: { keys: [signingKey] },
        cookies: { keys: [randomBytes(32).toString('hex')] },
        scopes: ['openid', ...new Set(clients.flatMap(({ scope }) => scope?.split(' ') ?? []))],
        clients: clients.map(({ clientId, algorithm, publicKey, scope, grantTypes }) => ({
          client_id: clientId,
          grant_types: [...(grantTypes ?? ['client_credentials'])],
          ...(scope === undefined ? {} : { scope }),
          redirect_uris: [],
          response_types: [],
          id_token_signed_response_alg: 'ES256',
          token_endpoint_auth_method: 'private_key_jwt',
          token_endpoint_auth_signing_alg: algorithm,
          jwks: { keys: [{ ...publicKey, alg: algorithm, use: 'sig' }] },
        })),
        assertJwtClientAuthClaimsAndHeader: (_ctx, claims, header) => {
          const reason = stricterCheck({ header: { ...header }, claims: { ...claims } })
          if (reason !== undefined)
            throw new errors.CustomOIDCProviderError('invalid_client', reason)
        },
        ttl: { ClientCredentials: (_ctx, _token, client) => lifetimes.get(client.clientId) ?? 600 },
        features: {
          devInteractions: { enabled: false },
          clientCredentials: { enabled: true },
          resourceIndicators: {
            enabled: true,
            getResourceServerInfo: () => ({
              scope: '',
              audience: resource,
              accessTokenFormat: 'jwt',
              jwt: { sign: { alg: 'ES256' } },
            }),
          },
        },
      }),
  )
  provider.use(async (ctx, next) => {
    if (ctx.path !== '/token') return next()
    const at = performance.now()
    if (down) {
      const form = new URLSearchParams(await text(ctx.req))
      onTokenRequest({ clientId: form.get('client_id') ?? '', at, claims: undefined })
      ctx.respond = false
      ctx.req.socket.destroy()
      return
    }
    await next()
    const assertion = ctx.oidc?.body?.client_assertion
    onTokenRequest({
      clientId: ctx.oidc?.client?.clientId ?? '',
      at,
      claims: typeof assertion === 'string' ? decodeJwt(assertion) : undefined,
    })
  })
  server.on('request', provider.callback())

  return {
    issuer,
    tokenEndpoint: `${issuer}/token`,
    jwksUri: `${issuer}/jwks`,
    setDown(isDown) {
      down = isDown
    },
    close,
  }
}

/** Its start-up notices are for those who run it in production. */
function quietly<T>(start: () => T): T {
  const { info, warn } = console
  console.info = console.warn = () => {}
  try {
    return start()
  } finally {
    Object.assign(console, { info, warn })
  }
}
