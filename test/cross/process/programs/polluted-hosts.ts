/**
 * Sends the same requests through one host, with our adapter and alone, under each pollutant and
 * under all together. Servers are another process: they stay clean, and see what was sent.
 */
import { registerHooks } from 'node:module'
import process from 'node:process'
import type { AccessToken, AuthorizationOptions, TokenSource } from '@countersign/core'
import { pollutants, polluted } from '../../../support/pollutants.ts'

const { HOST = '', API_ORIGIN = '', EVIL_ORIGIN = '', SPARED = '' } = process.env
const { TOKEN_ENDPOINT, PRIVATE_KEY, AXIOS } = process.env

// Another version of axios, in place of the newest.
registerHooks({
  resolve: (specifier, context, next) =>
    next(specifier === 'axios' && AXIOS !== undefined ? AXIOS : specifier, context),
})

const { createTokenProvider, isCountersignError } = await import('@countersign/core')
const { authorizedFetch } = await import('@countersign/core/fetch')
const { addAuthorization } = await import('@countersign/axios-interceptor')
const { authorizationHooks } = await import('@countersign/ky-hook')
const { default: axios } = await import('axios')
const { default: ky } = await import('ky')

interface Answered {
  readonly status: number
}

type Send = (url: string, json?: object) => Promise<Answered>

interface Host {
  ours(tokens: TokenSource, options: AuthorizationOptions): Send
  /** The host without us, with a constant header or with none. */
  alone(headers: Record<string, string>): Send
  /** What comes of attaching where nothing names an origin; fetch and ky must be given one. */
  unnamed?(tokens: TokenSource): string
}

function throughFetch(send: typeof fetch, headers?: Record<string, string>): Send {
  const jsonHeaders = { ...headers, 'content-type': 'application/json' }
  return (url, json) => {
    // A bare call that goes untouched is as the platform has it; ours is bare where we stamp it.
    const isBare = headers === undefined && !url.startsWith(EVIL_ORIGIN)
    if (json === undefined) return isBare ? send(url) : send(url, { headers: { ...headers } })
    return send(url, { method: 'POST', headers: jsonHeaders, body: JSON.stringify(json) })
  }
}

function throughKy(options: object): Send {
  const context = { of: 'the caller' }
  const client = ky.create({ retry: 0, throwHttpErrors: false, context, ...options })
  return (url, json) => (json === undefined ? client.get(url) : client.post(url, { json }))
}

function throughAxios(instance: ReturnType<typeof axios.create>, options?: object): Send {
  return (url, json) =>
    json === undefined ? instance.get(url, options) : instance.post(url, json, options)
}

function axiosHost(adapter: 'http' | 'fetch'): Host {
  const create = (headers: Record<string, string>) =>
    axios.create({ baseURL: API_ORIGIN, adapter, headers, validateStatus: () => true })
  return {
    ours(tokens, { onEvent = () => {} }) {
      const instance = create({})
      addAuthorization(instance, tokens, { onEvent })
      return throughAxios(instance)
    },
    alone(headers) {
      // With the two options that we give the fetch adapter of axios.
      const env = { fetch: (...given: Parameters<typeof fetch>) => fetch(...given) }
      const isLikeOurs = adapter === 'fetch' && headers.authorization !== undefined
      const options = isLikeOurs ? { env, fetchOptions: { keepalive: false } } : undefined
      return throughAxios(create(headers), options)
    },
    unnamed(tokens) {
      try {
        addAuthorization(axios.create(), tokens)
        return 'attached'
      } catch (error) {
        return isCountersignError(error) ? error.code : 'not made'
      }
    },
  }
}

const hosts: Record<string, Host> = {
  fetch: {
    ours: (tokens, options) => throughFetch(authorizedFetch(tokens, options) as typeof fetch),
    alone: (headers) => throughFetch(fetch, headers),
  },
  ky: {
    ours: (tokens, options) => throughKy({ hooks: authorizationHooks(tokens, options) }),
    alone: (headers) => throughKy({ headers }),
  },
  'axios, http': axiosHost('http'),
  'axios, fetch': axiosHost('fetch'),
}

/** Two real tokens, so that no token request runs under the pollution. */
const provider = createTokenProvider({
  ...{ clientId: 'client-1', tokenEndpoint: TOKEN_ENDPOINT, key: PRIVATE_KEY },
})
const first = await provider.getAccessToken()
const second = await provider.getAccessToken({ forceRenewal: true })

function source(): TokenSource {
  let current: AccessToken = first
  return {
    getAccessToken: async () => current,
    currentAccessToken: () => current,
    invalidate: () => {
      current = second
    },
    tokenEndpoint: TOKEN_ENDPOINT,
  }
}

/** A GET that is refused and sent again, a POST, and a GET to an origin that was not named. */
async function ours(run: string): Promise<string[]> {
  const events: string[] = []
  const onEvent = ({ type }: { type: string }) => void events.push(type)
  const outcomes = await attempted(async (each) => {
    const send = host.ours(source(), { origins: [API_ORIGIN], onEvent })
    await each(() => send(`${API_ORIGIN}/${run}/get`))
    await each(() => send(`${API_ORIGIN}/${run}/post`, { order: 1 }))
    await each(() => send(`${EVIL_ORIGIN}/${run}/foreign`))
  })
  return [...outcomes, host.unnamed?.(source()) ?? 'ERR_INVALID_ORIGIN', ...events]
}

async function alone(run: string): Promise<string[]> {
  const { authorization } = second
  return attempted(async (each) => {
    const send = host.alone({ authorization })
    await each(() => send(`${API_ORIGIN}/${run}/get`))
    await each(() => send(`${API_ORIGIN}/${run}/post`, { order: 1 }))
    const bare = host.alone({})
    await each(() => bare(`${EVIL_ORIGIN}/${run}/foreign`))
  })
}

/** The status of each answer, `failed`, or `not made` for a client that could not be made. */
async function attempted(
  work: (each: (send: () => Promise<Answered>) => Promise<void>) => Promise<void>,
): Promise<string[]> {
  const outcomes: string[] = []
  const each = async (send: () => Promise<Answered>) => {
    try {
      outcomes.push(String((await send()).status))
    } catch {
      outcomes.push('failed')
    }
  }
  await work(each).catch(() => outcomes.push('not made'))
  return outcomes
}

const host = hosts[HOST] ?? process.exit(2)
const each = pollutants(EVIL_ORIGIN)
const spared = new Set(SPARED.split(' '))
const runs: [name: string, pollution: Record<string, unknown>][] = [
  ['nothing', {}],
  ...Object.entries(each).map(([name, value]): [string, Record<string, unknown>] => [
    name,
    { [name]: value },
  ]),
  ['all others', Object.fromEntries(Object.entries(each).filter(([name]) => !spared.has(name)))],
]
const results: Record<string, { ours: string[]; alone: string[] }> = {}
for (const [name, pollution] of runs) {
  results[name] = {
    ours: await polluted(pollution, () => ours(`ours/${encodeURIComponent(name)}`)),
    alone: await polluted(pollution, () => alone(`alone/${encodeURIComponent(name)}`)),
  }
}
console.log(JSON.stringify(results))
// A host whose calls failed halfway may have left timers behind.
process.exit()
