/**
 * Logs whatever it gets hold of, through success, a failed renewal, a refusal and an abort, and
 * ends by an error that nobody catches.
 */
import process from 'node:process'
import { inspect } from 'node:util'
import { addAuthorization } from '@countersign/axios-interceptor'
import { createTokenProvider, memoryStore } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { authorizationHooks } from '@countersign/ky-hook'
import { createManualClock } from '@countersign/testing'
import axios from 'axios'
import ky from 'ky'

const { HOST, ENDING, API_ORIGIN = '', TOKEN_ENDPOINT, PRIVATE_KEY } = process.env
const clock = createManualClock(Date.now())
const store = memoryStore({ clock })
const tokens = createTokenProvider({
  ...{ clientId: 'client-1', tokenEndpoint: TOKEN_ENDPOINT, key: PRIVATE_KEY, retries: 0 },
  ...{ clock, store, onEvent: log },
})

function log(value: unknown): void {
  console.log(value)
  console.error(inspect(value, { depth: 10, showHidden: true, getters: true }))
  console.log(JSON.stringify(value))
}

const options = { origins: [API_ORIGIN], onForeignOrigin: 'throw' as const, onEvent: log }
const fetching = authorizedFetch(tokens, options)
const kyApi = ky.create({ hooks: authorizationHooks(tokens, options), retry: 0 })
const axiosApi = axios.create({ baseURL: API_ORIGIN })
addAuthorization(axiosApi, tokens, options)

/** The request of a host; an axios response is the host's own, and shows what was sent. */
function send(path: string, scope?: string): Promise<unknown> {
  const url = new URL(path, API_ORIGIN).href
  const countersign = scope === undefined ? {} : { scope }
  if (HOST === 'ky') return kyApi.get(url, { context: { countersign } })
  if (HOST === 'axios') return axiosApi.get(url, { countersign }).then(({ status }) => status)
  return fetching(url, { countersign })
}

log(await send('/ok'))
log(await tokens.getAccessToken())
await tokens.getAccessToken({ forceRenewal: true }).catch(log)
await clock.advance(5_000)
log(await send('/refused-once'))
const caller = new AbortController()
const waiting = tokens.getAccessToken({ scope: 'another', signal: caller.signal })
caller.abort(new Error('the caller left'))
await waiting.catch(log)
await send('https://foreign.example/').catch(log)
for (const held of [tokens, store, fetching, kyApi, axiosApi]) log(held)

if (ENDING === 'planted') console.log(`token: ${(await tokens.getAccessToken()).value}`)
if (ENDING === 'API error') void send('/failing')
else if (ENDING === 'uncaught') {
  send('/ok', 'refused').catch((error) =>
    setImmediate(() => {
      throw error
    }),
  )
} else void send('/ok', 'refused')
