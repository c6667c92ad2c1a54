import { addAuthorization } from '@countersign/axios-interceptor'
import type { TokenProvider } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { authorizationHooks } from '@countersign/ky-hook'
import axios from 'axios'
import ky from 'ky'

/** Posts JSON to a path of the API and resolves to the JSON of its answer. */
export type Post = (path: string, json: object) => Promise<unknown>

/** A client of each kind, with our adapter for it. */
export const clients: [name: string, create: (tokens: TokenProvider, origin: string) => Post][] = [
  ['axios by http', (tokens, origin) => axiosPost(tokens, origin, 'http')],
  ['axios by fetch', (tokens, origin) => axiosPost(tokens, origin, 'fetch')],
  [
    'ky',
    (tokens, origin) => {
      const hooks = authorizationHooks(tokens, { origins: [origin] })
      const api = ky.create({ prefix: origin, hooks, retry: 0 })
      return (path, json) => api.post(path, { json }).json()
    },
  ],
  [
    'authorizedFetch',
    (tokens, origin) => {
      const send = authorizedFetch(tokens, { origins: [origin] })
      const headers = { 'content-type': 'application/json' }
      return async (path, json) => {
        const body = JSON.stringify(json)
        return (await send(`${origin}/${path}`, { method: 'POST', headers, body })).json()
      }
    },
  ],
]

function axiosPost(tokens: TokenProvider, baseURL: string, adapter: 'http' | 'fetch'): Post {
  const http = axios.create({ baseURL, adapter })
  addAuthorization(http, tokens)
  return async (path, json) => (await http.post(path, json)).data
}
