import * as core from '@countersign/core'
import { expect, test } from 'vitest'
import { providerFor } from '../support/provider-under-test.ts'
import { rejection } from '../support/waiting.ts'

const classes = [
  core.ConfigurationError,
  core.CountersignError,
  core.ForeignOriginError,
  core.KeyError,
  core.ProviderClosedError,
  core.TokenEndpointError,
  core.TokenResponseError,
  core.TokenTransportError,
]

test.each(classes)('%o is called in stacks and inspection what it is exported as', (type) => {
  const [exported] = Object.entries(core).find(([, value]) => value === type) ?? []
  expect(type.name).toBe(exported)
  if (type !== core.CountersignError) expect(type.prototype.name).toBe(exported)
})

test('finds the Countersign error behind the error of a client', async () => {
  const { tokens } = providerFor('https://login.example.com/token')
  const error = await rejection(tokens.getAccessToken({ scope: '"' }))
  const wrapped = new Error('outer', { cause: new Error('inner', { cause: error }) })
  expect([core.tokenErrorOf(error), core.tokenErrorOf(wrapped)]).toEqual([error, error])
  const circular = new Error('circular')
  circular.cause = circular
  const throwing = Object.defineProperty({}, 'cause', { get: () => expect.unreachable() })
  for (const other of [circular, throwing, new Error('plain'), undefined, 'text'])
    expect(core.tokenErrorOf(other)).toBeUndefined()
})
