import { tracingChannel } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { rejection } from '../support/waiting.ts'
import { startAuthorization } from '../support/world.ts'

test('publishes each token request on a tracing channel, without a secret', async () => {
  const { server, provider } = await startAuthorization()
  const seen: [string, object][] = []
  const note = (name: string) => (message: unknown) => {
    seen.push([name, { ...(message as object) }])
  }
  const handlers = {
    ...{ start: note('start'), end: note('end'), asyncStart: note('asyncStart') },
    ...{ asyncEnd: note('asyncEnd'), error: note('error') },
  }
  const channel = tracingChannel<unknown, object>('countersign:token-request')
  channel.subscribe(handlers)
  onTestFinished(() => void channel.unsubscribe(handlers))
  const tokens = provider({ scope: 'b a', retries: 0 })
  const [{ value, expiresAt }] = await Promise.all([
    tokens.getAccessToken(),
    tokens.getAccessToken(),
  ])
  const { tokenEndpoint } = server
  const source = { clientId: 'client', tokenEndpoint, scope: 'b a', resource: [] }
  const ended = { ...source, result: { source: 'endpoint', attempts: 1, expiresAt } }
  expect(seen).toEqual([
    ['start', source],
    ['end', source],
    ['asyncStart', ended],
    ['asyncEnd', ended],
  ])
  server.next({ status: 503 })
  const error = await rejection(tokens.getAccessToken({ forceRenewal: true }))
  expect(seen.at(-1)).toEqual(['asyncEnd', { ...source, error: expect.any(Error) }])
  expect(Object.values(seen.at(-1)?.[1] ?? {})).not.toContain(error)
  expect(error).toMatchObject({ code: 'ERR_TOKEN_UNAVAILABLE' })
  expect(inspect(seen, { depth: 9, showHidden: true })).not.toContain(value)
})
