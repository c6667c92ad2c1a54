import 'reflect-metadata'
import { addAuthorization } from '@countersign/axios-interceptor'
import { isCountersignError } from '@countersign/core'
import { HttpModule, HttpService } from '@nestjs/axios'
import { Inject, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import axios, { type AxiosError } from 'axios'
import { firstValueFrom, map } from 'rxjs'
import { expect, onTestFinished, test } from 'vitest'
import { shows } from '../../support/leak-search.ts'
import { refusal } from '../../support/recording-api.ts'
import { rejection } from '../../support/waiting.ts'
import { startKitWorld, story, until } from '../../support/world.ts'

/** A service of the application. */
class Accounts {
  readonly http: HttpService
  constructor(http: HttpService) {
    this.http = http
  }
  list() {
    return this.http.get('/accounts').pipe(map(({ data }) => data))
  }
}
// What decorators say, said without their syntax, which Node's own TypeScript does not read.
Inject(HttpService)(Accounts, undefined, 0)

/** A Nest application with its own module and service, and a real API. */
async function application() {
  const all = await startKitWorld()
  class AppModule {
    constructor(http: HttpService) {
      addAuthorization(http.axiosRef, all.tokens)
    }
  }
  Inject(HttpService)(AppModule, undefined, 0)
  Module({
    imports: [HttpModule.register({ baseURL: all.api.origin })],
    providers: [Accounts],
  })(AppModule)
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false })
  onTestFinished(() => app.close())
  return { ...all, http: app.get(HttpService), accounts: app.get(Accounts) }
}

test('a service of a Nest application sends its requests with the token', async () => {
  const { accounts, http, api, server } = await application()
  expect(http).toBe(accounts.http)

  const answers = await Promise.all([
    firstValueFrom(accounts.list()),
    firstValueFrom(accounts.list()),
  ])

  expect(answers).toEqual(Array(2).fill({ ok: true, method: 'GET', url: '/accounts' }))
  expect(story(api.requests)).toEqual(['t1 200', 't1 200'])
  expect(server.requests).toHaveLength(1)
})

test('a revoked token is renewed once below the observable', { tags: ['U1'] }, async () => {
  const { accounts, api, server } = await application()
  await firstValueFrom(accounts.list())
  server.revokeAll()

  expect(await firstValueFrom(accounts.list())).toMatchObject({ ok: true })

  expect(story(api.requests)).toEqual(['t1 200', 't1 401', 't2 200'])
  expect(server.requests).toHaveLength(2)
})

test('who unsubscribes while the token is awaited sends nothing; the token is kept', {
  tags: ['D5'],
}, async () => {
  const { accounts, http, api, server, tokens } = await application()
  const release = server.hold()
  const sent: unknown[] = []
  const send = axios.getAdapter('http')
  http.axiosRef.defaults.adapter = (config) => {
    sent.push(config.url)
    return send(config)
  }
  const heard: unknown[] = []
  const note = (value: unknown) => void heard.push(value)

  const subscription = http
    .post('/given-up', { name: 'savings' })
    .subscribe({ next: note, error: note, complete: () => note('complete') })
  await until(() => server.requests.length === 1)
  subscription.unsubscribe()
  release()
  await tokens.getAccessToken()
  await firstValueFrom(accounts.list())

  expect(heard).toEqual([])
  expect(sent).toEqual(['/accounts'])
  expect(story(api.requests)).toEqual(['t1 200'])
  expect(server.requests).toHaveLength(1)
})

test('a failed token request is an AxiosError of the observable, and nothing is sent', {
  tags: ['X15'],
}, async () => {
  const { accounts, api, server } = await application()
  server.next({ status: 400, body: { error: 'unauthorized_client' } })

  const error = await rejection(firstValueFrom(accounts.list()))

  expect(axios.isAxiosError(error)).toBe(true)
  expect(error).toMatchObject({ code: 'ERR_OAUTH', config: { url: '/accounts' } })
  expect(isCountersignError((error as Error).cause)).toBe(true)
  expect(api.requests).toEqual([])
})

test('the error of a 401 that stays shows no token in its config', { tags: ['U5'] }, async () => {
  const { accounts, api, tokens } = await application()
  api.next(refusal, refusal)

  const error = await rejection(firstValueFrom(accounts.list()))

  expect(axios.isAxiosError(error) && error.status).toBe(401)
  const { config, response } = error as AxiosError
  const { value } = await tokens.getAccessToken()
  expect(story(api.requests)).toEqual(['t1 401', 't2 401'])
  expect(shows([config, response?.config], value)).toBe(false)
})
