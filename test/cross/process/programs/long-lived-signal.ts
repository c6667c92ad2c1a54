/**
 * Many requests with one signal that is never aborted, on a source without a token at hand. Prints
 * how much the heap grows between 2,000 and 10,000 of them, and the listeners of the signal.
 */
import { getEventListeners } from 'node:events'
import process from 'node:process'
import { createTokenProvider, type TokenSource } from '@countersign/core'
import { hosts } from '../../../support/hosts.ts'
import { heap } from './heap.ts'

const { HOST = '', API_ORIGIN = '', TOKEN_ENDPOINT, PRIVATE_KEY } = process.env
const { signal } = new AbortController()
const provider = createTokenProvider({
  ...{ clientId: 'client', tokenEndpoint: TOKEN_ENDPOINT, key: PRIVATE_KEY },
})
const tokens: TokenSource = {
  getAccessToken: (options) => provider.getAccessToken({ ...options, signal }),
  invalidate: (token) => provider.invalidate(token),
}

const host = hosts[HOST]?.(tokens, { origins: [API_ORIGIN] }) ?? process.exit(2)
const send = async () => {
  const response = await host.send(`${API_ORIGIN}/x`, { signal })
  if (response instanceof Response) await response.arrayBuffer()
}
let sent = 0
async function sizeAfter(requests: number): Promise<number> {
  for (; sent < requests; sent += 20) await Promise.all(Array.from({ length: 20 }, send))
  return heap()
}

const early = await sizeAfter(2_000)
const growth = (await sizeAfter(10_000)) - early
const alive = process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap')
const listeners = getEventListeners(signal, 'abort').length
console.log(JSON.stringify({ sent, growth, listeners, alive }))
