import { createTokenProvider, isCountersignError, type TokenEvent } from '@countersign/core'
import { expect, test } from 'vitest'
import { mistakes } from './mistakes.ts'

/** The first error that the options lead to, and what came of the call. */
async function firstErrorOf(options: Parameters<typeof createTokenProvider>[0]) {
  const events: TokenEvent[] = []
  const onEvent = (event: TokenEvent) => void events.push(event)
  let thrown: unknown
  try {
    const { value } = await createTokenProvider({ ...options, onEvent }).getAccessToken()
    expect(value).toMatch(/./)
  } catch (error) {
    thrown = error
  }
  const failed = events.find((event) => event.type === 'token-request-failed')
  const error = failed?.error ?? thrown
  if (!isCountersignError(error)) return expect.unreachable(`no error of ours: ${error}`)
  return { error, events, isToken: thrown === undefined }
}

test('there are twenty mistakes', () => {
  expect(new Set(mistakes.map(({ name }) => name)).size).toBe(20)
})

test.each(mistakes)('$name: is $outcome, and the first cause names it', async (mistake) => {
  const { cause, outcome } = mistake
  await using planted = await mistake.plant()
  const { error, events, isToken } = await firstErrorOf(planted.options)
  if (outcome === 'not accepted') {
    expect(error.message).toMatch(cause)
    expect(events).toEqual([])
    return
  }
  const [first = ''] = 'hints' in error ? (error.hints as string[]) : []
  expect(first).toMatch(cause)
  expect(error.message.toLowerCase()).toContain(first.toLowerCase())
  expect(isToken).toBe(outcome === 'corrected')
  expect(events.some(({ type }) => type === 'clock-skew')).toBe(outcome === 'corrected')
  if (error.name === 'TokenEndpointError')
    expect(error.message).toMatch(
      /Sent: alg [EPR]S256, kid \S+, aud \S+, lifetime \d+ s, thumbprint [\w-]{43}, client id institut\.\.\.\.$/,
    )
})
