/** A request through a host that gets no token, and one that does; after each, what keeps the process. */
import process from 'node:process'
import { setImmediate } from 'node:timers/promises'
import { addAuthorization } from '@countersign/axios-interceptor'
import { createTokenProvider, type TokenProvider } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { authorizationHooks } from '@countersign/ky-hook'
import axios from 'axios'
import ky from 'ky'

const { HOST = '', API_ORIGIN = '', TOKEN_ENDPOINT, PRIVATE_KEY } = process.env
const origins = [API_ORIGIN]
const url = `${API_ORIGIN}/x`
const { signal } = new AbortController()

const sendThrough: Record<string, (tokens: TokenProvider) => Promise<unknown>> = {
  'the provider': (tokens) => tokens.getAccessToken({ signal }),
  fetch: (tokens) => authorizedFetch(tokens, { origins })(url, { signal }),
  ky: (tokens) => {
    const hooks = authorizationHooks(tokens, { origins })
    return ky.create({ hooks, retry: 0 })(url, { signal })
  },
  'axios, http': (tokens) => throughAxios('http', tokens),
  'axios, fetch': (tokens) => throughAxios('fetch', tokens),
}

function throughAxios(adapter: 'http' | 'fetch', tokens: TokenProvider): Promise<unknown> {
  const api = axios.create({ baseURL: API_ORIGIN, adapter, timeout: 5_000, signal })
  addAuthorization(api, tokens)
  return api.get('/x')
}

async function outcomeOf(clientId: string): Promise<unknown> {
  const tokens = createTokenProvider({
    ...{ clientId, tokenEndpoint: TOKEN_ENDPOINT, key: PRIVATE_KEY },
  })
  const outcome = await sendThrough[HOST]?.(tokens).then(
    () => 'answered',
    (error: Error & { code?: string }) => error.code,
  )
  // The platform's own bookkeeping of the answer.
  for (let turn = 0; turn < 3; turn++) await setImmediate()
  return [outcome, process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap')]
}

/** The fetch never settles, and who waited for it has left. */
async function leftAlone(): Promise<unknown> {
  const leaving = new AbortController()
  const tokens = createTokenProvider({
    ...{ clientId: 'institution-1', tokenEndpoint: TOKEN_ENDPOINT, key: PRIVATE_KEY },
    fetch: () => {
      leaving.abort()
      return new Promise(() => {})
    },
  })
  const { name } = await tokens.getAccessToken({ signal: leaving.signal }).catch((error) => error)
  return [name, process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout')]
}

console.log(
  JSON.stringify([await leftAlone(), await outcomeOf('unknown'), await outcomeOf('institution-1')]),
)
