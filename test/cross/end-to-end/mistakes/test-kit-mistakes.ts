import { type ClientRegistration, createAuthorizationServer } from '@countersign/testing'
import { clientKey as own, sharedRsaPair } from '../../../support/keys.ts'
import { offClock } from '../../../support/off-clock.ts'
import { clientId, type Mistake, type Planted } from './mistake.ts'
import { startDoublingProxy } from './web-mistakes.ts'

/** Starts the server of the test kit, and returns options of which some are wrong. */
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

/** A proxy that sends each request twice. */
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
    plant: () => plantAt({ kid: 'key-2' }),
  },
  {
    name: 'wrong alg for the client',
    cause: /^The alg RS256 is not the registered one: set the option 'alg'\.$/,
    plant: () => {
      const { privateKey, publicJwk } = sharedRsaPair()
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
    plant: plantBehindDoublingProxy,
  },
  {
    name: 'unknown client ID',
    cause: /^The client ID institution-9999 is not known there: check it, and the environment/,
    plant: () => plantAt({ clientId: 'institution-9999' }),
  },
  {
    name: 'client ID with a blank',
    cause:
      /^Option 'clientId' must be 1 to 1,024 printable ASCII characters, without a space at either end\.$/,
    outcome: 'not accepted',
    plant: () => plantAt({ clientId: `${clientId} ` }),
  },
  {
    name: 'scope misspelt',
    cause: /^A scope is misspelt or not granted to this client\.$/,
    plant: () => plantAt({ scope: 'acounts:read' }),
  },
]
