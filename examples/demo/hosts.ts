import { randomUUID } from 'node:crypto'
import { addAuthorization } from '@countersign/axios-interceptor'
import type { TokenSource } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { authorizationHooks } from '@countersign/ky-hook'
import axios, { type AxiosInstance } from 'axios'
import ky from 'ky'

/** One way to send a request: resolves to the status of the answer, once its body has been read. */
export interface Host {
  name: 'axios' | 'ky' | 'fetch'
  get(path: string): Promise<number>
}

/** As a program has it before it knows of tokens, with an interceptor of its own. */
export function existingInstance(origin: string): AxiosInstance {
  const instance = axios.create({ baseURL: origin, timeout: 10_000, validateStatus: () => true })
  instance.interceptors.request.use((config) => {
    config.headers.set('X-Request-ID', randomUUID())
    return config
  })
  return instance
}

/** Three hosts on one provider. None of them tries again by itself what fails. */
export function hostsOf(instance: AxiosInstance, tokens: TokenSource, origin: string): Host[] {
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
    { name: 'ky', get: async (path) => statusOf(await api.get(path)) },
    { name: 'fetch', get: async (path) => statusOf(await fetch(`${origin}${path}`)) },
  ]
}

async function statusOf(response: Response): Promise<number> {
  await response.arrayBuffer()
  return response.status
}
