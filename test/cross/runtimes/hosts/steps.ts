import { waitUntil } from 'cloudflare:workers'
import type { TokenProvider } from '@countersign/core'
import { registeredProvider } from '../suite/provider.ts'
import type { World } from '../suite/world.ts'

/** What one request does of a story that needs several, on one provider. */
export interface Steps {
  'start a flight and leave': undefined
  'hand a flight to waitUntil and leave': undefined
  'get a first token': string
  'wait for a token': string
  'use the token when it is due, and leave': string
  'get a token when the first is over': string
}

/** Of the whole worker, as an application keeps it. */
let tokens: TokenProvider | undefined

export const steps: { [Name in keyof Steps]: (world: World) => Promise<Steps[Name]> } = {
  'start a flight and leave': async (world) => {
    tokens = await registeredProvider(world, { timeout: 8_000, retries: 0 })
    tokens.getAccessToken().catch(() => {})
    await world.ask('arrived', { count: 1 })
  },
  'hand a flight to waitUntil and leave': async (world) => {
    tokens = await registeredProvider(world)
    waitUntil(tokens.getAccessToken())
    await world.ask('arrived', { count: 1 })
  },
  'get a first token': async (world) => {
    tokens = await registeredProvider(world, { renewal: { waitUntil } })
    return value()
  },
  'wait for a token': value,
  'use the token when it is due, and leave': async (world) => {
    await world.advance(560_000)
    const due = await value()
    await world.ask('arrived', { count: 2 })
    return due
  },
  'get a token when the first is over': async (world) => {
    await world.advance(40_000)
    return value()
  },
}

async function value(): Promise<string> {
  if (tokens === undefined) throw new Error('no step has made a provider')
  return (await tokens.getAccessToken()).value
}
