// @module-tag P4

import { once } from 'node:events'
import { cp, mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import * as axiosInterceptor from '@countersign/axios-interceptor'
import * as core from '@countersign/core'
import * as coreFetch from '@countersign/core/fetch'
import * as kyHook from '@countersign/ky-hook'
import axios, { AxiosError } from 'axios'
import ky from 'ky'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clientKey } from '../../support/keys.ts'
import { refused } from '../../support/recording-api.ts'
import { rejection } from '../../support/waiting.ts'
import { startAuthorization, startWorld } from '../../support/world.ts'

interface Copy {
  readonly core: typeof core
  readonly coreFetch: typeof coreFetch
  readonly kyHook: typeof kyHook
  readonly axiosInterceptor: typeof axiosInterceptor
}

const mine: Copy = { core, coreFetch, kyHook, axiosInterceptor }
let other: Copy
let folder: string

/** Another copy of the built packages, as a second version of them would be installed. */
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'copy-')))
  const modules = join(folder, 'node_modules')
  const packages = fileURLToPath(new URL('../../../packages', import.meta.url))
  for (const name of ['core', 'axios-interceptor', 'ky-hook']) {
    const target = join(modules, '@countersign', name)
    await mkdir(target, { recursive: true })
    for (const part of ['package.json', 'dist']) {
      await cp(join(packages, name, part), join(target, part), { recursive: true })
    }
  }
  for (const [owner, name] of [
    ...[['core', 'jose'] as const, ['core', 'p-memoize'] as const],
    ...[['axios-interceptor', 'axios'] as const, ['ky-hook', 'ky'] as const],
  ]) {
    await symlink(await realpath(join(packages, owner, 'node_modules', name)), join(modules, name))
  }
  const load = (path: string) => import(pathToFileURL(join(modules, '@countersign', path)).href)
  other = {
    core: await load('core/dist/index.js'),
    coreFetch: await load('core/dist/fetch.js'),
    kyHook: await load('ky-hook/dist/index.js'),
    axiosInterceptor: await load('axios-interceptor/dist/index.js'),
  }
})

afterAll(() => rm(folder, { recursive: true }))

const bothWays = () =>
  [
    [mine, other],
    [other, mine],
  ] as const

async function startTwo() {
  const world = await startWorld()
  const { tokenEndpoint } = world.server
  const provider = (copy: Copy, options: object = {}) =>
    copy.core.createTokenProvider({
      ...{ clientId: 'client', tokenEndpoint, key: clientKey.privateKey },
      ...{ clock: world.clock, retries: 0, ...options },
    })
  return { ...world, provider }
}

type Send = (copy: Copy, tokens: core.TokenProvider, origin: string) => Promise<{ status: number }>

const adapters: Record<string, Send> = {
  fetch: ({ coreFetch: { authorizedFetch } }, tokens, origin) =>
    authorizedFetch(tokens, { origins: [origin] })(origin),
  ky: ({ kyHook: { authorizationHooks } }, tokens, origin) =>
    ky.create({ hooks: authorizationHooks(tokens, { origins: [origin] }) }).get(origin),
  axios: ({ axiosInterceptor: { addAuthorization } }, tokens, origin) => {
    const instance = axios.create({ baseURL: origin })
    addAuthorization(instance, tokens)
    return instance.get('/')
  },
}

describe('two copies of the library', () => {
  test('are two', () => {
    expect(other.core.createTokenProvider).toBeTypeOf('function')
    expect(other.core.CountersignError).not.toBe(core.CountersignError)
    expect(other.coreFetch.authorizedFetch).not.toBe(coreFetch.authorizedFetch)
    expect(other.axiosInterceptor.addAuthorization).not.toBe(axiosInterceptor.addAuthorization)
    expect(other.kyHook.authorizationHooks).not.toBe(kyHook.authorizationHooks)
  })

  test('recognise the errors of each other, which instanceof does not', async () => {
    const { server, provider } = await startTwo()
    for (const [thrower, catcher] of bothWays()) {
      server.next({ status: 503 })
      const error = await rejection(provider(thrower).getAccessToken())
      expect(error).toBeInstanceOf(thrower.core.CountersignError)
      expect(error).not.toBeInstanceOf(catcher.core.CountersignError)
      expect(catcher.core.isCountersignError(error)).toBe(true)
      expect(error).toMatchObject({ code: 'ERR_TOKEN_UNAVAILABLE', retryable: true })
      expect(catcher.core.redactError(error)).toMatchObject({ code: 'ERR_TOKEN_UNAVAILABLE' })
    }
    expect(core.isCountersignError(new AxiosError('x', 'ERR_OAUTH'))).toBe(false)
  })

  test.each(Object.entries(adapters))(
    'the provider of one serves %s of the other, 401s included',
    async (_, send) => {
      for (const [owner, adapter] of bothWays()) {
        const { api, server, provider } = await startTwo()
        const tokens = provider(owner)
        api.next(refused)
        expect((await send(adapter, tokens, api.origin)).status).toBe(200)
        expect(api.seen.map(({ status }) => status)).toEqual([401, 200])
        expect(server.issued).toBe(2)
      }
    },
  )

  test.each(Object.entries(adapters))(
    'a token error of one is one to %s of the other',
    async (host, send) => {
      const { api, server, provider } = await startTwo()
      server.next({ status: 400, body: { error: 'invalid_scope' } })
      const error = await rejection(send(mine, provider(other), api.origin))
      expect(error).toMatchObject({ code: 'ERR_OAUTH' })
      const ours = host === 'axios' ? (error as AxiosError).cause : error
      expect(error instanceof AxiosError).toBe(host === 'axios')
      expect(ours).toBeInstanceOf(other.core.TokenEndpointError)
      // ky would have tried again what it does not know.
      expect([server.requests.length, api.seen.length]).toEqual([1, 0])
    },
  )

  test('attach one provider to one axios instance once', async () => {
    const { api, evil: second, server, provider } = await startTwo()
    const tokens = provider(mine)
    const instance = axios.create({ baseURL: api.origin })
    const eject = axiosInterceptor.addAuthorization(instance, tokens)
    expect(other.axiosInterceptor.addAuthorization(instance, tokens)).toBe(eject)
    const again = () =>
      other.axiosInterceptor.addAuthorization(instance, tokens, { origins: [second.origin] })
    expect(again).toThrow('This provider is already attached to this instance')
    other.axiosInterceptor.addAuthorization(instance, provider(other), { origins: [second.origin] })
    for (const path of ['/x', `${second.origin}/y`]) {
      const { config } = await instance.get(path)
      expect(config.adapter).toEqual(instance.defaults.adapter)
    }
    const values = [...api.seen, ...second.seen].map(({ authorization = '' }) => authorization)
    expect(values.map((value) => server.isLive(value.replace('Bearer ', '')))).toEqual([true, true])
    expect(new Set(values).size).toBe(2)
    eject()
    await instance.get('/x').catch(() => {})
    expect(api.seen.map(({ authorization }) => authorization)).toEqual([values[0], undefined])
  })

  test('wrap a fetch that the other has wrapped, and stamp once', async () => {
    const { api, server, provider } = await startTwo()
    const origins = [api.origin]
    const inner = coreFetch.authorizedFetch(provider(mine), { origins })
    const fetch = inner as typeof globalThis.fetch
    const outer = other.coreFetch.authorizedFetch(provider(other), { origins, fetch })
    expect((await outer(api.origin)).status).toBe(200)
    expect(api.seen).toMatchObject([{ authorization: expect.stringMatching(/^Bearer [^,]+$/) }])
    expect(server.issued).toBe(1)
  })

  test('share a store of either', async () => {
    const { server, provider } = await startTwo()
    for (const { core: owner } of [mine, other]) {
      const store = owner.memoryStore()
      const issued = server.issued
      const { value } = await provider(mine, { store }).getAccessToken()
      expect((await provider(other, { store }).getAccessToken()).value).toBe(value)
      expect(server.issued).toBe(issued + 1)
    }
  })
})

test('a worker has a provider of its own, and its error keeps its code on the way', async () => {
  const { server } = await startAuthorization()
  const workerData = { tokenEndpoint: server.tokenEndpoint, key: clientKey.pem }
  const worker = new Worker(new URL('programs/worker-thread.ts', import.meta.url), { workerData })
  const failed = new Promise<unknown>((resolve) => worker.once('error', resolve))
  const [message] = await once(worker, 'message')
  expect(server.isLive(message.value)).toBe(true)
  const error = await failed
  expect(error).toMatchObject({ code: 'ERR_OAUTH', error: 'invalid_client', status: 401 })
  expect(core.isCountersignError(error)).toBe(false)
})
