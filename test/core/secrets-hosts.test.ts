import { redactError } from '@countersign/core'
import { AxiosError } from 'axios'
import { describe, expect, test } from 'vitest'
import { hosts, type Scene, type Send, startScene } from '../support/leak-scene.ts'
import { type Answer, answer, refused } from '../support/recording-api.ts'
import { until } from '../support/world.ts'

/** How a request ends badly, and what is scripted for that. */
type Ending = (scene: Scene, send: Send) => Promise<unknown>

const unsent: Record<string, Ending> = {
  'no token is to be had': ({ server, api }, send) => {
    server.next({ status: 400, body: { error: 'invalid_client' } })
    return send(`${api.origin}/x`)
  },
  'its origin is foreign': async ({ tokens, evil }, send) => {
    await tokens.getAccessToken()
    return send(`${evil.origin}/x`)
  },
  'it is aborted while it waits': async ({ server, api }, send) => {
    const release = server.hold()
    const caller = new AbortController()
    const ended = send(`${api.origin}/x`, { signal: caller.signal })
    await until(() => server.requests.length === 1)
    caller.abort()
    return ended.finally(release)
  },
  'its time is over while it waits': async ({ server, api }, send) => {
    const release = server.hold()
    const ended = send(`${api.origin}/x`, { timeout: 30 }).catch((error: unknown) => error)
    await until(() => server.requests.length === 1)
    return ended.finally(release)
  },
  'its renewal fails after a 401': async ({ server, api, tokens }, send) => {
    await tokens.getAccessToken()
    api.next(refused)
    server.next({ status: 400, body: { error: 'invalid_client' } })
    return send(`${api.origin}/x`)
  },
}

const sent: Record<string, Ending> = {
  'the API answers 500': answered(answer(500, {}, 'no')),
  'the API answers 403': answered(answer(403)),
  'the API answers two 401s': answered(refused, refused),
  'its connection breaks': answered((response) => response.socket?.destroy()),
  'it is aborted while it is answered': async ({ api }, send) => {
    const caller = new AbortController()
    api.next(() => caller.abort())
    return send(`${api.origin}/x`, { signal: caller.signal })
  },
  'its time is over while it is answered': async ({ api, tokens }, send) => {
    await tokens.getAccessToken()
    api.next(() => {})
    return send(`${api.origin}/x`, { timeout: 50 })
  },
}

function answered(...answers: Answer[]): Ending {
  return ({ api }, send) => {
    api.next(...answers)
    return send(`${api.origin}/x`)
  }
}

describe.each(Object.entries(hosts))('through %s', (host, make) => {
  async function ended(end: Ending) {
    const scene = await startScene()
    const { tokens, api, search } = scene
    const { held, send } = make(tokens, { origins: [api.origin], onForeignOrigin: 'throw' })
    const known = search.size
    const outcome = await end(scene, send).catch((error: unknown) => error)
    expect(search.size).toBeGreaterThan(known)
    return { search, api, held, outcome }
  }

  test.each(Object.entries(unsent))(
    'when %s no error shows a secret',
    { tags: ['L1', 'L2'] },
    async (_, end) => {
      const { outcome, search, held } = await ended(end)
      expect(outcome).toBeInstanceOf(Error)
      for (const shown of [outcome, redactError(outcome), held]) {
        expect(search.leaks(shown)).toEqual([])
      }
    },
  )

  test.each(Object.entries(sent))(
    'when %s the request that was sent alone shows the token, and that to axios only',
    { tags: ['L1', 'L2', 'L4', 'L5'] },
    async (_, end) => {
      const { outcome, search, api, held } = await ended(end)
      expect(search.isIn(api.seen.at(-1)?.authorization ?? '')).toBe(true)
      expect(search.leaks(redactError(outcome))).toEqual([])
      expect(search.leaks(held)).toEqual([])
      if (outcome instanceof AxiosError) {
        expect(search.leaks(outcome)).toEqual([
          ...['inspect', 'inspect, all of it', 'spread', 'as a cause', 'AggregateError'],
        ])
        Object.assign(outcome, { request: undefined })
        if (outcome.response) Object.assign(outcome.response, { request: undefined })
      } else expect(host).not.toContain('axios')
      expect(search.leaks(outcome)).toEqual([])
    },
  )
})
