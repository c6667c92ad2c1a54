/** The process of `oidc-provider` and of an API that verifies its tokens. */
import { setTimeout as pause } from 'node:timers/promises'
import {
  type ArrivedTokenRequest,
  type RegisteredClient,
  startAuthorizationServer,
} from '../../../examples/servers/authorization-server.ts'
import {
  type JudgedRequest,
  type ProtectedApi,
  startProtectedApi,
} from '../../../examples/servers/protected-api.ts'
import { serveCommands } from '../../support/commands.ts'

const resource = 'https://api.example/'
const arrived: Omit<ArrivedTokenRequest, 'claims'>[] = []
/** Every other 401 is this late: the rejected token has been replaced by then. */
const lateMs = 300
const counts = { rejected: 0, emptyPosts: 0 }
/** H3 is about revocations: on a machine that stalls, expiry must not add 401s of its own. */
const leewaySeconds = (clientId: unknown) => (clientId === 'h3' ? 10 : 1)
let api: ProtectedApi | undefined
let setDown: (isDown: boolean) => void = () => {}

function countRequest({ method, status, bodyLength }: JudgedRequest): undefined | Promise<void> {
  if (method === 'POST' && bodyLength === 0) counts.emptyPosts += 1
  if (status !== 401) return undefined
  counts.rejected += 1
  return counts.rejected % 2 === 0 ? pause(lateMs) : undefined
}

const commands = {
  async start(clients: readonly RegisteredClient[]) {
    const server = await startAuthorizationServer(clients, resource, ({ clientId, at }) => {
      arrived.push({ clientId, at })
    })
    const { issuer, jwksUri, tokenEndpoint } = server
    setDown = server.setDown
    const options = { issuer, jwksUri, audience: resource, leewaySeconds }
    api = await startProtectedApi(options, countRequest)
    return { tokenEndpoint, apiOrigin: api.origin, resource }
  },
  /** Returns the token requests of the clients whose ID starts with `prefix`, oldest first. */
  tokenRequests: (prefix: string) => arrived.filter(({ clientId }) => clientId.startsWith(prefix)),
  /** Counts all 401s so far, and all POSTs with an empty body. */
  apiCounts: () => counts,
  /** Revokes every token that the API has seen. Returns the time on the monotonic clock. */
  revokeAll() {
    api?.rejectAllSeen()
    return performance.now()
  },
  setDown: (isDown: boolean) => setDown(isDown),
}

export type ServerCommands = typeof commands

serveCommands(commands)
