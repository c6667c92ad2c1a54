/**
 * Many requests with one signal that lives as long as the program. Each waits for its token, since
 * the source has none at hand. Tells what is on the heap after 2,000 and after 10,000 of them, and
 * what is left on the signal.
 */
import { getEventListeners } from 'node:events'
import process from 'node:process'
import { setImmediate } from 'node:timers/promises'
import { addAuthorization } from '@countersign/axios-interceptor'
import { createTokenProvider, type TokenSource } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { authorizationHooks } from '@countersign/ky-hook'
import axios from 'axios'
import ky from 'ky'

const { HOST = '', API_ORIGIN = '', TOKEN_ENDPOINT, PRIVATE_KEY } = process.env
const { signal } = new AbortController()
const provider = createTokenProvider({
  ...{ clientId: 'institution-1', tokenEndpoint: TOKEN_ENDPOINT, key: PRIVATE_KEY },
})
const tokens: TokenSource = {
  getAccessToken: (options) => provider.getAccessToken({ ...options, signal }),
  invalidate: (token) => provider.invalidate(token),
}
const origins = [API_ORIGIN]
const url = `${API_ORIGIN}/x`

const sendThrough: Record<string, () => () => Promise<unknown>> = {
  fetch() {
    const send = authorizedFetch(tokens, { origins })
    return () => send(url, { signal }).then((response) => response.text())
  },
  ky() {
    const api = ky.create({ hooks: authorizationHooks(tokens, { origins }), retry: 0 })
    return () => api(url, { signal }).text()
  },
  axios() {
    const api = axios.create({ baseURL: API_ORIGIN })
    addAuthorization(api, tokens)
    return () => api.get('/x', { signal })
  },
}

/** Once nothing more can be collected. */
async function heap(): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let turn = 0; turn < 20; turn++) {
    globalThis.gc?.()
    await setImmediate()
    least = Math.min(least, process.memoryUsage().heapUsed)
  }
  return least
}

const send = sendThrough[HOST]?.() ?? process.exit(2)
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
