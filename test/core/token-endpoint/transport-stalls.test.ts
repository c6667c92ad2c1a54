// @module-tag E13

import { createManualClock, type Fault, type FaultServer } from '@countersign/testing'
import { expect, test } from 'vitest'
import {
  expectNoSecret,
  faultServer,
  jtiOf,
  providerFor,
  rejection,
  until,
} from '../../support/provider-under-test.ts'

const late = ({ origin }: FaultServer, ms: number) =>
  `No token from ${new URL(origin).host} within ${ms} ms. Check that it can be reached from here, and that \`fetch\` does not wait for this token itself.`

const stalls: [what: string, fault: Fault, phase: 'head' | 'body'][] = [
  ['never answers', { type: 'silence' }, 'head'],
  ['drips its headers', { type: 'slow-headers', headers: { x: 'x'.repeat(2000) } }, 'head'],
  ['drips its body', { type: 'slow-body', body: ' '.repeat(2000), interval: 10 }, 'body'],
]

test.each(stalls)(
  'an attempt at a server that %s ends at its time limit to the millisecond, its socket closed',
  async (_, fault, phase) => {
    const server = await faultServer(fault)
    const clock = createManualClock()
    let phaseReached: string | undefined
    const { tokens } = providerFor(server.tokenEndpoint, {
      clock,
      retries: 0,
      fetch: async (url, init) => {
        phaseReached = 'head'
        const response = await fetch(url, init)
        phaseReached = 'body'
        return response
      },
    })
    const answer = rejection(tokens.getAccessToken())
    const isOver = settled(answer)
    await until(() => server.requests.length === 1 && phaseReached === phase)
    await clock.advance(4_999)
    expect([isOver(), phaseReached]).toEqual([false, phase])
    await clock.advance(1)
    expect(isOver()).toBe(true)
    const error = await answer
    expect(error).toMatchObject({
      name: 'TokenTransportError',
      code: 'ERR_TOKEN_TIMEOUT',
      message: late(server, 5_000),
      attempts: 1,
      retryable: true,
    })
    expectNoSecret(server, error)
    await connectionsOver(server)
    expect(server.requests).toHaveLength(1)
  },
)

test.each(stalls)(
  'a flight to a server that %s ends at its deadline to the millisecond, retries and all',
  async (_, fault) => {
    const server = await faultServer(fault)
    const clock = createManualClock()
    const { tokens } = providerFor(server.tokenEndpoint, { clock })
    const answer = rejection(tokens.getAccessToken())
    const isOver = settled(answer)
    await until(() => server.requests.length === 1)
    await clock.advance(5_000) // the first attempt
    await clock.advance(200) // the longest first pause
    await until(() => server.requests.length === 2)
    await clock.advance(4_799)
    expect(isOver()).toBe(false)
    await clock.advance(1)
    expect(isOver()).toBe(true)
    expect(await answer).toMatchObject({
      code: 'ERR_TOKEN_TIMEOUT',
      message: late(server, 10_000),
      attempts: 2,
      retryable: true,
    })
    expect(new Set(server.requests.map(jtiOf)).size).toBe(2)
    await connectionsOver(server)
    await clock.advance(60_000)
    expect(server.requests).toHaveLength(2)
  },
)

/** Those that a request came over: Node opens another after an abort, and leaves it idle. */
async function connectionsOver({ requests, connections }: FaultServer): Promise<void> {
  await Promise.all(requests.map(({ connection }) => connections[connection]?.closed))
}

function settled(promise: Promise<unknown>): () => boolean {
  let is = false
  promise.then(() => {
    is = true
  })
  return () => is
}
