import { Agent } from 'node:http'
import { addAuthorization } from '@countersign/axios-interceptor'
import type { AuthorizationOptions, TokenSource } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { authorizationHooks } from '@countersign/ky-hook'
import axios from 'axios'
import ky from 'ky'
import { limitedFetch } from './limited-fetch.ts'
import { mostAtOnce } from './open-loop.ts'

export interface Answer {
  status: number
  text: string
}

/** One way to send a request: a POST of the body as JSON, or a GET where there is none. */
export interface Host {
  name: 'axios' | 'ky' | 'fetch'
  send(body: object | undefined): Promise<Answer>
}

const httpAgent = new Agent({ keepAlive: true, maxSockets: mostAtOnce })
const sharedFetch = limitedFetch(mostAtOnce)
/** Long enough for the tail of ten thousand on a busy machine: no row is about it. */
const timeout = 150_000

/** Three hosts on one provider. None of them tries again by itself what fails. */
export function hostsOf(
  tokens: TokenSource,
  origin: string,
  onReplay: (name: Host['name'], method: string) => void = () => {},
): readonly [Host, Host, Host] {
  const optionsOf = (name: Host['name']): Omit<AuthorizationOptions, 'isTokenRejected'> => ({
    origins: [origin],
    onEvent: ({ type, method }) => {
      if (type === 'request-replayed') onReplay(name, method)
    },
  })
  return [
    axiosHost(tokens, origin, optionsOf('axios')),
    kyHost(tokens, origin, optionsOf('ky')),
    fetchHost(tokens, origin, optionsOf('fetch')),
  ]
}

function axiosHost(
  tokens: TokenSource,
  origin: string,
  options: Omit<AuthorizationOptions, 'isTokenRejected'>,
): Host {
  const instance = axios.create({
    baseURL: origin,
    httpAgent,
    timeout,
    transformResponse: (data) => data,
    validateStatus: () => true,
  })
  addAuthorization(instance, tokens, options)
  return {
    name: 'axios',
    async send(body) {
      const method = body === undefined ? 'get' : 'post'
      const { status, data } = await instance.request({ url: '/accounts', method, data: body })
      return { status, text: data }
    },
  }
}

function kyHost(
  tokens: TokenSource,
  origin: string,
  options: Omit<AuthorizationOptions, 'isTokenRejected'>,
): Host {
  const api = ky.create({
    prefix: origin,
    fetch: sharedFetch,
    retry: 0,
    throwHttpErrors: false,
    timeout,
    hooks: authorizationHooks(tokens, options),
  })
  return {
    name: 'ky',
    send: async (body) =>
      read(await (body === undefined ? api.get('accounts') : api.post('accounts', { json: body }))),
  }
}

function fetchHost(
  tokens: TokenSource,
  origin: string,
  options: Omit<AuthorizationOptions, 'isTokenRejected'>,
): Host {
  const fetch = authorizedFetch(tokens, { ...options, fetch: sharedFetch })
  const headers = { 'content-type': 'application/json' }
  return {
    name: 'fetch',
    async send(body) {
      const init = body && { method: 'POST', headers, body: JSON.stringify(body) }
      return read(await fetch(`${origin}/accounts`, init))
    },
  }
}

async function read(response: Response): Promise<Answer> {
  return { status: response.status, text: await response.text() }
}
