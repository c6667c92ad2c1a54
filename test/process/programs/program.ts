import process from 'node:process'
import { addAuthorization } from '@countersign/axios-interceptor'
import {
  createTokenProvider,
  type TokenProvider,
  type TokenProviderOptions,
} from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { authorizationHooks } from '@countersign/ky-hook'
import axios from 'axios'
import ky from 'ky'

export const apiOrigin: string = process.env.API_ORIGIN ?? ''

export function provider(options: Partial<TokenProviderOptions> = {}): TokenProvider {
  return createTokenProvider({
    clientId: 'client-1',
    tokenEndpoint: process.env.TOKEN_ENDPOINT,
    key: process.env.PRIVATE_KEY,
    ...options,
  })
}

export type Send = (path: string, signal?: AbortSignal) => Promise<number>

/** The three hosts on one provider; each gives the status. */
export function hosts(tokens: TokenProvider): Readonly<Record<'axios' | 'ky' | 'fetch', Send>> {
  const origins = [apiOrigin]
  const instance = axios.create({ baseURL: apiOrigin, validateStatus: () => true })
  addAuthorization(instance, tokens)
  const hooks = authorizationHooks(tokens, { origins })
  const api = ky.create({ prefix: apiOrigin, hooks, retry: 0, throwHttpErrors: false })
  const send = authorizedFetch(tokens, { origins })
  return {
    axios: async (path, signal) =>
      (await instance.get(`/${path}`, signal === undefined ? {} : { signal })).status,
    ky: async (path, signal) => {
      const response = await api.get(path, signal === undefined ? {} : { signal })
      await response.text()
      return response.status
    },
    fetch: async (path, signal) => {
      const response = await send(`${apiOrigin}/${path}`, signal === undefined ? {} : { signal })
      await response.text()
      return response.status
    },
  }
}

/** The program's one word. */
export function tell(result: unknown): void {
  console.log(JSON.stringify(result))
}

/** Bytes in use after everything that can go has gone. Needs `--expose-gc`. */
export async function heapInUse(): Promise<number> {
  const { gc } = globalThis as { gc?: () => void }
  if (gc === undefined) throw new Error('Run with --expose-gc.')
  for (let round = 0; round < 10; round++) {
    gc()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return process.memoryUsage().heapUsed
}
