import { expect, test } from 'vitest'
import { cases, simulate } from '../../tools/fleet/simulation.ts'

const expected: Readonly<Record<string, number>> = {
  ...{ cold: 1, rolling: 1, endpoint: 2, killed: 2, renewal: 3, slow: 1, paused: 1, far: 1 },
  ...{ limit: 4, quota: 1, skew: 2 },
}

test.each(Object.entries(cases))(
  '500 members make few token requests: %s',
  {
    tags: ['D9'],
  },
  async (name, scenario) => {
    const outcome = await simulate(scenario, { members: 500, seed: 1 })
    expect(outcome.requests).toBe(expected[name])
    if (name !== 'limit') expect(outcome.failed).toBe(0)
    const { wait = Number.POSITIVE_INFINITY } = scenario.most
    expect(outcome.longestWait).toBeLessThanOrEqual(wait * 1.25)
  },
)

test('a seed gives the same outcome again, and another seed another one', async () => {
  const { cold } = cases
  if (cold === undefined) expect.unreachable('there is no cold start')
  const [one, same, other] = [
    await simulate(cold, { members: 200, seed: 7 }),
    await simulate(cold, { members: 200, seed: 7 }),
    await simulate(cold, { members: 200, seed: 8 }),
  ]
  expect(same).toEqual(one)
  expect(other).not.toEqual(one)
})
