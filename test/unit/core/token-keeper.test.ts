import { createManualClock } from '@countersign/testing'
import { expect, test } from 'vitest'
import { type FetchedToken, tokenKeeper } from '#core/renewal/token-keeper.js'

test('C9: a flight given up for dead does not bring its token back after a later one was refused', async () => {
  const clock = createManualClock()
  const answers: ((token: FetchedToken) => void)[] = []
  const keeper = tokenKeeper({
    ...{ clock, timeout: 1000, early: 0, random: () => 0, emit: () => {} },
    failure: () => expect.unreachable('no flight fails here'),
    inBackground: () => undefined,
    fetchToken: () => new Promise((resolve) => answers.push(resolve)),
  })
  const answer = (flight: number, value: string) => {
    const issuedAt = clock.now()
    const token = { value, tokenType: 'Bearer', issuedAt, expiresAt: issuedAt + 600_000 } as const
    answers[flight]?.({ token, source: 'endpoint', attempts: 1 })
  }
  const waiting = keeper.renewed({ signal: undefined, forceRenewal: false })
  await clock.advance(2000)
  expect(answers).toHaveLength(2)
  answer(1, 'later')
  const later = await waiting
  keeper.invalidate(later)
  answer(0, 'earlier')
  await clock.advance(1)
  expect(later.value).toBe('later')
  expect(keeper.current()).toBeUndefined()
})
