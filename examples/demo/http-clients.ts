import { randomUUID } from 'node:crypto'
import { addAuthorization } from '@countersign/axios-interceptor'
import type { TokenSource } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { authorizationHooks } from '@countersign/ky-hook'
import axios, { type AxiosInstance } from 'axios'
import ky from 'ky'

/** An HTTP client that sends one request, reads the body and resolves to the status. */
export interface HttpClient {
  name: 'axios' | 'ky' | 'fetch'
  get(path: string): Promise<number>
}

/** Creates the axios instance of a program without tokens, with an interceptor of its own. */
export function createExistingInstance(origin: string): AxiosInstance {
  const instance = axios.create({ baseURL: origin, timeout: 10_000, validateStatus: () => true })
  instance.interceptors.request.use((config) => {
    config.headers.set('X-Request-ID', randomUUID())
    return config
  })
  return instance
}

/** Creates three HTTP clients that share one provider. None of them retries a failed request. */
export function createClients(
  instance: AxiosInstance,
  tokens: TokenSource,
  origin: string,
): HttpClient[] {
  const origins = [origin]
  addAuthorization(instance, tokens)
  const api = ky.create({
    prefix: origin,
    retry: 0,
    throwHttpErrors: false,
    hooks: authorizationHooks(tokens, { origins }),
  })
  const fetch = authorizedFetch(tokens, { origins })
  return [
    { name: 'axios', get: async (path) => (await instance.get(path)).status },
    { name: 'ky', get: async (path) => readStatus(await api.get(path)) },
    { name: 'fetch', get: async (path) => readStatus(await fetch(`${origin}${path}`)) },
  ]
}

async function readStatus(response: Response): Promise<number> {
  await response.arrayBuffer()
  return response.status
}
