import * as core from '@countersign/core'
import { expect, test } from 'vitest'

const classes = [
  core.ConfigurationError,
  core.CountersignError,
  core.ForeignOriginError,
  core.KeyError,
  core.TokenEndpointError,
  core.TokenResponseError,
  core.TokenTransportError,
]

test.each(classes)('%o is called in stacks and inspection what it is exported as', (type) => {
  const [exported] = Object.entries(core).find(([, value]) => value === type) ?? []
  expect(type.name).toBe(exported)
  if (type !== core.CountersignError) expect(type.prototype.name).toBe(exported)
})
