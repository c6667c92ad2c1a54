import { TokenTransportError } from '@countersign/core'
import { expect, test } from 'vitest'
import { answerFault, digest } from './answer-fault.ts'
import { rejectionFault } from './rejection-fault.ts'

const body = { id: 'one' }
const owed = { clientId: 'h3', body }

function answered(clientId: string, received: string) {
  return { status: 200, text: JSON.stringify({ clientId, bodyDigest: digest(received) }) }
}

test('H3: an answer is the one owed when the API had the whole body', () => {
  expect(answerFault(answered('h3', '{"id":"one"}'), owed)).toBeUndefined()
  expect(answerFault(answered('h3', ''), { clientId: 'h3', body: undefined })).toBeUndefined()
})

test.each([
  ['H2: a 401', { status: 401, text: '' }, 'answered 401'],
  ['H2: a 503', { status: 503, text: '' }, 'answered 503'],
  ['H3: an empty body', answered('h3', ''), 'its body did not arrive intact'],
  ['H3: a body cut short', answered('h3', '{"id":"on'), 'its body did not arrive intact'],
  ['H6: a foreign token', answered('h4', '{"id":"one"}'), 'sent with the token of another client'],
  ['H6: an empty answer', { status: 200, text: '' }, 'answered 200 without words'],
])('%s is a fault', (_, answer, fault) => {
  expect(answerFault(answer, owed)).toBe(fault)
})

const startedAt = Date.now()

function unreachable(nextAttemptAt: number | undefined, code: TokenTransportError['code']) {
  const error = new TokenTransportError(code, 'The token endpoint is down.', { attempts: 1 })
  return Object.assign(error, { nextAttemptAt })
}

test('H5: a rejection within the hold-off is the one owed, also in the words of axios', () => {
  const error = unreachable(startedAt, 'ERR_TOKEN_NETWORK')
  expect(rejectionFault({ error, startedAt, tookMs: 9_999 })).toBeUndefined()
  const inAxiosWords = Object.assign(new Error(error.message), { cause: error })
  expect(rejectionFault({ error: inAxiosWords, startedAt, tookMs: 0 })).toBeUndefined()
})

test.each([
  [
    'an error of the network',
    new TypeError('fetch failed'),
    0,
    'rejected: TypeError: fetch failed',
  ],
  ['another code', unreachable(startedAt, 'ERR_TOKEN_TIMEOUT'), 0, 'rejected: ERR_TOKEN_TIMEOUT'],
  [
    'a late one',
    unreachable(startedAt, 'ERR_TOKEN_NETWORK'),
    10_000,
    'rejected after the deadline of the flight',
  ],
  [
    'one without a next attempt',
    unreachable(undefined, 'ERR_TOKEN_NETWORK'),
    0,
    'rejected without nextAttemptAt',
  ],
  [
    'one after the hold-off',
    unreachable(startedAt - 1, 'ERR_TOKEN_NETWORK'),
    0,
    'rejected after the hold-off was over',
  ],
  [
    'too long a hold-off',
    unreachable(startedAt + 30_001, 'ERR_TOKEN_NETWORK'),
    0,
    'held off for more than 30 s',
  ],
])('H5: %s is a fault', (_, error, tookMs, fault) => {
  expect(rejectionFault({ error, startedAt, tookMs })).toBe(fault)
})
