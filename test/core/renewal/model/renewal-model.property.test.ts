/**
 * Renewal against a model. Any calls, answers, failures, refusals and moves of both clocks, in any
 * order, happen to a real provider and a real `authorizedFetch`; after each of them the rules of
 * `renewal-rules.ts` must hold. The token endpoint and the API are functions in this process, and
 * assertions are signed without the thread pool: nothing goes through a socket or a thread, so
 * that the manual clock alone decides what happens first, and a seed replays a run exactly.
 */
import { sign } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { renewalCommands } from './renewal-commands.ts'
import { createWorld, privateKey } from './renewal-world.ts'

/** Long enough to shrink a failure: a run that is stopped never shows its seed. */
vi.setConfig({ testTimeout: 120_000 })

const unhandled: unknown[] = []
const noteUnhandled = (reason: unknown) => unhandled.push(reason)

beforeAll(() => {
  process.on('unhandledRejection', noteUnhandled)
  vi.spyOn(crypto.subtle, 'sign').mockImplementation(async (_, __, data) => {
    const options = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const
    return Uint8Array.from(sign('sha256', data as Uint8Array, options)).buffer
  })
})

afterAll(() => {
  process.off('unhandledRejection', noteUnhandled)
  vi.restoreAllMocks()
})

test('no order of calls, answers, refusals and clocks breaks a promise of renewal', {
  tags: ['C5', 'C7'],
}, async () => {
  const random = fc.integer({ min: 0, max: 7 }).map((eighths) => eighths / 8)
  await fc.assert(
    fc.asyncProperty(renewalCommands, random, async (commands, random) => {
      vi.spyOn(Math, 'random').mockReturnValue(random)
      const world = createWorld(random, unhandled)
      await fc.asyncModelRun(() => ({ model: world, real: world }), commands)
      await world.finish()
    }),
    { numRuns: 1000 },
  )
  expect(unhandled).toEqual([])
})
