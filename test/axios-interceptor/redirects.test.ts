import { addAuthorization } from '@countersign/axios-interceptor'
import axios from 'axios'
import { expect, test } from 'vitest'
import { everyNameIsHere } from '../support/every-name-here.ts'
import { answer } from '../support/recording-api.ts'
import { startWorld } from '../support/world.ts'

async function named(host: string) {
  everyNameIsHere()
  const world = await startWorld()
  const origin = `http://${host}:${world.api.port}`
  const instance = axios.create({ baseURL: origin, adapter: 'http' })
  addAuthorization(instance, world.tokens, { origins: [origin] })
  return { ...world, instance, origin }
}

test("the user's own beforeRedirect is called after the guard, with all it is due", {
  tags: ['promise-9', 'X10'],
}, async () => {
  const { instance, api } = await named('api.test')
  const calls: unknown[] = []
  const location = `http://sub.api.test:${api.port}/there`
  api.next(answer(302, { location: '/here' }), answer(307, { location }), answer(200))

  await instance.get('/x', {
    beforeRedirect: (options, { statusCode, headers }) => {
      const has = Object.keys(options.headers).some((name) => /^authorization$/i.test(name))
      calls.push([options.href, statusCode, headers.location, has])
      options.headers['x-mine'] = 'kept'
    },
  })

  expect(calls).toEqual([
    [`http://api.test:${api.port}/here`, 302, '/here', true],
    [location, 307, location, false],
  ])
  expect(api.seen[2]?.headers).toMatchObject({ 'x-mine': 'kept' })
  expect(api.seen[2]?.authorization).toBeUndefined()
})

test('a beforeRedirect that throws ends the request as it does without us', {
  tags: ['promise-9', 'X10'],
}, async () => {
  const { instance, api, evil } = await named('api.test')
  api.next(answer(302, { location: `http://sub.api.test:${evil.port}/there` }))

  const error = await instance
    .get('/x', {
      beforeRedirect: () => {
        throw new Error('not there')
      },
    })
    .catch((thrown: Error) => thrown)

  expect((error as Error).message).toContain('not there')
  expect(evil.seen).toEqual([])
})

test('after hops through another origin a 401 there renews nothing', {
  tags: ['promise-9', 'U10'],
}, async () => {
  const { instance, api, server } = await named('api.test')
  const location = `http://sub.api.test:${api.port}/there`
  api.next(answer(302, { location }), answer(401, { 'www-authenticate': 'Bearer' }))

  await expect(instance.get('/x')).rejects.toMatchObject({ status: 401 })

  expect(server.requests).toHaveLength(1)
})
