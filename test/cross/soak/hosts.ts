import { Agent } from 'node:http'
import { addAuthorization } from '@countersign/axios-interceptor'
import type { TokenSource } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { authorizationHooks } from '@countersign/ky-hook'
import axios from 'axios'
import ky from 'ky'

export interface Answer {
  readonly status: number
  readonly text: string
}

/** One way to send a request: a POST of the body as JSON, or a GET if there is none. */
export interface Host {
  readonly name: 'axios' | 'ky' | 'fetch'
  send(body: object | undefined): Promise<Answer>
}

/**
 * The number of sockets of each host. A call that has its token and then waits longer than the
 * token's lifetime for a socket gets a 401, which proves nothing about the token provider.
 */
export const maxInFlight = 256
const httpAgent = new Agent({ keepAlive: true, maxSockets: maxInFlight })
const sharedFetch = limitFetch()
/** Long enough for ten thousand requests on a busy machine. */
const timeout = 150_000

/** Three hosts on one provider. None of them retries a failed request. */
export function createHosts(
  tokens: TokenSource,
  origin: string,
  onReplay: (name: Host['name'], method: string) => void = () => {},
): readonly [Host, Host, Host] {
  const optionsFor = (name: Host['name']) => ({
    origins: [origin],
    onEvent: ({ type, method }: { type: string; method: string }) => {
      if (type === 'request-replayed') onReplay(name, method)
    },
  })
  const instance = axios.create({
    ...{ baseURL: origin, httpAgent, timeout },
    transformResponse: (data) => data,
    validateStatus: () => true,
  })
  addAuthorization(instance, tokens, optionsFor('axios'))
  const api = ky.create({
    ...{ prefix: origin, fetch: sharedFetch, retry: 0, throwHttpErrors: false, timeout },
    hooks: authorizationHooks(tokens, optionsFor('ky')),
  })
  const send = authorizedFetch(tokens, { ...optionsFor('fetch'), fetch: sharedFetch })
  const headers = { 'content-type': 'application/json' }
  return [
    {
      name: 'axios',
      async send(body) {
        const method = body === undefined ? 'get' : 'post'
        const { status, data } = await instance.request({ url: '/accounts', method, data: body })
        return { status, text: data }
      },
    },
    {
      name: 'ky',
      send: async (body) =>
        read(await (body ? api.post('accounts', { json: body }) : api.get('accounts'))),
    },
    {
      name: 'fetch',
      async send(body) {
        const init = body && { method: 'POST', headers, body: JSON.stringify(body) }
        return read(await send(`${origin}/accounts`, init))
      },
    },
  ]
}

async function read(response: Response): Promise<Answer> {
  return { status: response.status, text: await response.text() }
}

/** Limits the requests in flight, as `maxSockets` of an agent does. */
function limitFetch(): typeof fetch {
  const waiting: (() => void)[] = []
  let free = maxInFlight
  return async (input, init) => {
    if (free > 0) free -= 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await fetch(input, init)
    } finally {
      const next = waiting.shift()
      if (next === undefined) free += 1
      else next()
    }
  }
}
