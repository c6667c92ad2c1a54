import fc from 'fast-check'
import * as call from './call-commands.ts'
import type { Key } from './renewal-rules.ts'
import type { World } from './renewal-world.ts'
import * as script from './script-commands.ts'
import type { Answer } from './scripted-token-endpoint.ts'

const key = fc.constantFrom<Key>('one', 'one', 'two')
const place = fc.nat(9)
const seconds = fc.constantFrom(1, 2, 5, 6, 60, 600, 3600)
const retryAfter = fc.constantFrom(1, 2, 8, 40, 7200)
const answer = fc.oneof(
  { weight: 5, arbitrary: fc.record({ seconds }) },
  fc.constantFrom<Answer>(
    { status: 503 },
    'network',
    'invalid_client',
    'invalid_scope',
    'malformed',
  ),
  fc.record({ status: fc.constant(503 as const), retryAfter }),
)
const ms = fc.oneof(
  fc.constantFrom(1, 99, 100, 999, 1000, 2000, 4999, 5000, 9999, 10_000, 10_100, 30_000, 60_000),
  fc.nat(12_000),
)
const jump = fc.constantFrom(-3_600_000, -60_000, -5_000, -1, 1, 5_000, 60_000, 3_600_000)
/** Less than shows that the process stood still. */
const slowJump = fc.constantFrom(-3_600_000, -60_000, -5_000, -1, 1)

/** All that may happen, in any order. */
export const renewalCommands = fc.commands<World, World, boolean>(
  [
    fc.tuple(key, place).map(([key, spelling]) => call.getToken(key, { spelling })),
    fc.tuple(key, place).map(([key, spelling]) => call.request(key, { spelling })),
    fc.tuple(key, fc.integer({ min: 2, max: 5 })).map(([key, size]) => call.burst(key, size)),
    key.map((key) => call.getToken(key, { isForced: true })),
    key.map(call.getAborted),
    key.map(call.getThenAbort),
    fc
      .tuple(key, fc.integer({ min: 2, max: 7 }))
      .map(([key, length]) => script.outage(key, length)),
    fc
      .tuple(key, fc.integer({ min: 2, max: 7 }))
      .map(([key, length]) => script.refusals(key, length)),
    place.map(call.abort),
    key.map(call.invalidateCurrent),
    place.map(call.invalidateOld),
    ms.map(script.advance),
    fc
      .tuple(key, fc.constantFrom(...script.edges), fc.integer({ min: -1, max: 1 }))
      .map(script.getAt),
    fc.tuple(key, slowJump, fc.nat(6000), answer).map(script.slowAnswer),
    jump.map(script.setWallClock),
    fc.option(answer, { freq: 3, nil: undefined }).map(script.endpointAnswers),
    fc.tuple(place, answer).map(script.answerTokenRequest),
    fc.constant(null).map(script.revokeAll),
    fc.boolean().map(script.apiRefuses),
    fc.boolean().map(script.apiIsSlow),
    place.map(script.answerApi),
  ],
  { maxCommands: 60, size: 'max' },
)
