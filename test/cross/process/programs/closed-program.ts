/** Starts an early renewal that is never answered, closes the provider, and prints its timers. */
import process from 'node:process'
import { setImmediate } from 'node:timers/promises'
import { createTokenProvider } from '@countersign/core'
import { createFaultServer, createManualClock } from '@countersign/testing'

const server = await createFaultServer({ otherwise: { type: 'silence' } })
const body = { access_token: 'token-1', token_type: 'Bearer', expires_in: 600 }
server.next({ type: 'answer', body })
// Nothing else ends the renewal: on this clock no time limit is reached.
const clock = createManualClock(Date.now())
const { tokenEndpoint } = server
const key = process.env.PRIVATE_KEY
const tokens = createTokenProvider({ clientId: 'client', tokenEndpoint, key, clock })
const { expiresAt } = await tokens.getAccessToken()
await clock.advance(expiresAt - clock.now() - 1)
tokens.currentAccessToken()
while (server.requests.length < 2) await setImmediate()
await tokens.close()
await server.connections.at(-1)?.closed
console.log(JSON.stringify(process.getActiveResourcesInfo().filter((name) => name === 'Timeout')))
await server.close()
