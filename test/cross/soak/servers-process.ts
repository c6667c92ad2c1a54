/**
 * The process of the servers: `oidc-provider` and an API that verifies its tokens. Does what its
 * parent asks, and ends with it.
 */
import { setTimeout as pause } from 'node:timers/promises'
import {
  type ArrivedTokenRequest,
  startAuthorizationServer,
} from '../../../examples/servers/authorization-server.ts'
import {
  type JudgedRequest,
  type ProtectedApi,
  startProtectedApi,
} from '../../../examples/servers/protected-api.ts'
import type { ApiCounts, Question, ServerCommands } from './servers.ts'

const resource = 'https://api.example/'
const arrived: Omit<ArrivedTokenRequest, 'claims'>[] = []
/** Every other 401 comes so much later, when the refused token has been replaced already. */
const lateMs = 300
const counts: ApiCounts = { refused: 0, emptyPosts: 0 }
/** H3 is about revocations: on a machine that stalls, expiry must not add 401s of its own. */
const leewaySeconds = (clientId: unknown) => (clientId === 'h3' ? 10 : 1)
let api: ProtectedApi | undefined
let setDown: (isDown: boolean) => void = () => {}

function judged({ method, status, bodyLength }: JudgedRequest): undefined | Promise<void> {
  if (method === 'POST' && bodyLength === 0) counts.emptyPosts += 1
  if (status !== 401) return undefined
  counts.refused += 1
  return counts.refused % 2 === 0 ? pause(lateMs) : undefined
}

const commands: ServerCommands = {
  async start(clients) {
    const server = await startAuthorizationServer(clients, resource, ({ clientId, at }) => {
      arrived.push({ clientId, at })
    })
    const { issuer, jwksUri, tokenEndpoint } = server
    setDown = server.setDown
    api = await startProtectedApi({ issuer, jwksUri, audience: resource, leewaySeconds }, judged)
    return { tokenEndpoint, apiOrigin: api.origin, resource }
  },
  tokenRequests: async (prefix) => arrived.filter(({ clientId }) => clientId.startsWith(prefix)),
  apiCounts: async () => counts,
  async refuseAllSeen() {
    api?.refuseAllSeen()
    return performance.now()
  },
  async setDown(isDown) {
    setDown(isDown)
  },
}

process.on('message', async ({ id, command, input }: Question) => {
  try {
    const run = commands[command] as (input: unknown) => Promise<unknown>
    process.send?.({ id, answer: await run(input) })
  } catch (error) {
    process.send?.({ id, error: String(error) })
  }
})
process.on('disconnect', () => process.exit())
