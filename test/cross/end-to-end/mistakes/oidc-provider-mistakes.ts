import {
  type StricterCheck,
  startAuthorizationServer,
} from '../../../../examples/servers/authorization-server.ts'
import { ecPair, otherKey as other, clientKey as own } from '../../../support/keys.ts'
import { offClock } from '../../../support/off-clock.ts'
import { clientId, type Mistake, type Planted } from './mistake.ts'

/** The error description of `oidc-provider` for any assertion that it rejects. */
const noReason = 'client authentication failed'

interface Server {
  readonly issuer: string
  readonly tokenEndpoint: string
}

/** Starts `oidc-provider` with two clients, and returns options of which some are wrong. */
async function plantAt(
  wrong: (server: Server) => Partial<Planted['options']>,
  { check, grantTypes }: { check?: StricterCheck; grantTypes?: readonly string[] } = {},
): Promise<Planted> {
  let requests = 0
  const common = { algorithm: 'ES256', tokenLifetimeSeconds: 600 } as const
  const server = await startAuthorizationServer(
    [
      {
        ...{ clientId, publicKey: own.publicJwk, scope: 'accounts:read', ...common },
        ...(grantTypes && { grantTypes }),
      },
      {
        ...{ clientId: 'institution-0002', publicKey: other.publicJwk },
        ...{ scope: 'accounts:read accounts:write', ...common },
      },
    ],
    'https://api.example.com',
    () => {
      requests += 1
    },
    check,
  )
  const { tokenEndpoint } = server
  return {
    options: { clientId, tokenEndpoint, key: own.privateKey, ...wrong(server) },
    tokenRequests: () => requests,
    [Symbol.asyncDispose]: server.close,
  }
}

/** Mistakes at `oidc-provider`, which gives a reason only where its operator made it stricter. */
export const oidcProviderMistakes: readonly Mistake[] = [
  {
    name: 'wrong key',
    cause: /^The public key is not registered for this client ID \(thumbprint [\w-]{43}\)\.$/,
    plant: () => plantAt(() => ({ key: ecPair().privateKey })),
  },
  {
    name: 'key of another client',
    cause: /^The public key is not registered for this client ID /,
    plant: () => plantAt(() => ({ key: other.privateKey })),
  },
  {
    name: 'missing kid',
    cause: /^The server requires a kid: set the option 'kid'\.$/,
    plant: () =>
      plantAt(() => ({}), {
        check: ({ header }) => (header.kid === undefined ? 'kid is required' : undefined),
      }),
  },
  {
    name: 'aud with a slash',
    cause:
      /^The aud http\S+\/token\/ differs from the token endpoint by the slash at its end: check assertion\.audience\.$/,
    plant: () => plantAt(({ tokenEndpoint }) => ({ assertion: { audience: `${tokenEndpoint}/` } })),
  },
  {
    name: 'aud of another host',
    cause: /^The aud https:\/\/login\.example\.com\/token is on another host than the token end/,
    plant: () => plantAt(() => ({ assertion: { audience: 'https://login.example.com/token' } })),
  },
  {
    name: 'aud = issuer where the endpoint is wanted',
    cause: /^The aud http:\S+ looks like the issuer, not the token endpoint: /,
    plant: () =>
      plantAt(({ issuer }) => ({ assertion: { audience: issuer } }), {
        check: ({ claims }) => (String(claims.aud).endsWith('/token') ? undefined : noReason),
      }),
  },
  {
    name: "lifetime over the server's limit",
    cause: /^The lifetime of 300 s exceeds the server's limit: lower assertion\.lifetimeSeconds\.$/,
    plant: () =>
      plantAt(() => ({ assertion: { lifetimeSeconds: 300 } }), {
        check: ({ claims: { exp, iat } }) =>
          Number(exp) - Number(iat) > 60 ? noReason : undefined,
      }),
  },
  {
    name: 'clock behind by 10 minutes',
    cause: /^The clock here is (599|600) s behind the server's Date: set it right\.$/,
    outcome: 'corrected',
    plant: () => plantAt(() => ({ clock: offClock(-600_000) })),
  },
  {
    name: 'scope not granted',
    cause: /^A scope is misspelt or not granted to this client\.$/,
    plant: () => plantAt(() => ({ scope: 'accounts:read accounts:write' })),
  },
  {
    name: 'grant not allowed',
    cause: /^The client or the server does not allow the client_credentials grant\.$/,
    plant: () => plantAt(() => ({}), { grantTypes: [] }),
  },
]
