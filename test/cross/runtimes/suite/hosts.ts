import type { TokenSource } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { authorizationHooks } from '@countersign/ky-hook'
import ky from 'ky'
import type { World } from './world.ts'

export type Send = (url: string | Request, init?: RequestInit) => Promise<Response>

/** What sends requests with the token of a source, to the world's API alone. */
export interface SendingHost {
  readonly name: string
  send(tokens: TokenSource, world: World): Send
}

export const hosts: readonly SendingHost[] = [
  {
    name: 'fetch',
    send: (tokens, world) => authorizedFetch(tokens, { origins: [world.api] }),
  },
  {
    name: 'ky',
    send: (tokens, world) => {
      const hooks = authorizationHooks(tokens, { origins: [world.api] })
      return ky.create({ hooks, retry: 0, timeout: false, throwHttpErrors: false })
    },
  },
]

/** For requests that are not about redirects: some runtimes are refused without it. */
export const unredirected = { redirect: 'manual' } as const satisfies RequestInit
