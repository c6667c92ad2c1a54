import { type ClientRegistration, createAuthorizationServer } from '@countersign/testing'
import { ecPair, rsaPair } from '../../../support/keys.ts'
import { offClock } from '../../../support/off-clock.ts'
import { clientId, type Mistake, type Planted } from './mistake.ts'
import { startDoublingProxy } from './web-servers.ts'

const own = ecPair()

/** The server of the test kit, which gives its reasons, and options of which some are wrong. */
async function plantAt(
  wrong: Partial<Planted['options']>,
  registration: Partial<ClientRegistration> = {},
  serverIsAhead = 0,
): Promise<Planted> {
  const server = await createAuthorizationServer({ clock: offClock(serverIsAhead) })
  const keys = [{ ...own.publicJwk, kid: 'key-1' }]
  server.register({ clientId, jwks: { keys }, scope: 'accounts:read', ...registration })
  const { tokenEndpoint } = server
  const right = { clientId, tokenEndpoint, key: own.privateKey, scope: 'accounts:read' }
  return {
    options: { ...right, ...wrong },
    tokenRequests: () => server.requests.length,
    [Symbol.asyncDispose]: server.close,
  }
}

/** Something between that sends each request twice. */
async function plantBehindDoublingProxy(): Promise<Planted> {
  const server = await createAuthorizationServer()
  const proxy = await startDoublingProxy(server.tokenEndpoint)
  const { tokenEndpoint } = proxy
  server.register({ clientId, jwks: { keys: [own.publicJwk] }, audience: tokenEndpoint })
  return {
    options: { clientId, tokenEndpoint, key: own.privateKey },
    tokenRequests: proxy.tokenRequests,
    async [Symbol.asyncDispose]() {
      await proxy.close()
      await server.close()
    },
  }
}

export const testKitMistakes: readonly Mistake[] = [
  {
    name: 'unknown kid',
    cause:
      /^The kid key-2 is not known for this client: register it, or correct the option 'kid'\.$/,
    outcome: 'refused',
    plant: () => plantAt({ kid: 'key-2' }),
  },
  {
    name: 'wrong alg for the client',
    cause:
      /^The alg RS256 is not what is registered for this client: set the option 'alg' to that\.$/,
    outcome: 'refused',
    plant: () => {
      const { privateKey, publicJwk } = rsaPair()
      return plantAt(
        { key: privateKey, alg: 'RS256' },
        { jwks: { keys: [publicJwk] }, algorithms: ['PS256'] },
      )
    },
  },
  {
    name: 'clock ahead by 10 minutes',
    cause: /^The clock here is (599|600) s ahead of the server's Date: set it right\.$/,
    outcome: 'corrected',
    plant: () => plantAt({}, {}, -600_000),
  },
  {
    name: 'replayed jti',
    cause:
      /^The assertion arrived twice \(its jti was used\): a retrying fetch or proxy resends it/,
    outcome: 'refused',
    plant: plantBehindDoublingProxy,
  },
  {
    name: 'unknown client id',
    cause:
      /^The client id institut\.\.\. is not known there: check it, and that the endpoint is of/,
    outcome: 'refused',
    plant: () => plantAt({ clientId: 'institution-9999' }),
  },
  {
    name: 'client id with a blank',
    cause:
      /^Option 'clientId' must be 1 to 1,024 printable ASCII characters, without a space at either end\.$/,
    outcome: 'not accepted',
    plant: () => plantAt({ clientId: `${clientId} ` }),
  },
  {
    name: 'scope misspelt',
    cause: /^A scope that is misspelt or not granted to this client\.$/,
    outcome: 'refused',
    plant: () => plantAt({ scope: 'acounts:read' }),
  },
]
