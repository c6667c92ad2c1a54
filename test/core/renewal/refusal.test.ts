import { expect, test } from 'vitest'
import { createProbation } from '#core/renewal/probation.js'

/** Tells a story: `refuse` and `replace` at moments of a monotonic clock. */
function story(...steps: readonly (readonly ['refuse' | 'replace', number])[]) {
  const probation = createProbation()
  probation.noteReplacement(0)
  return steps.flatMap(([step, at]) => {
    if (step === 'replace') {
      probation.noteReplacement(at)
      return []
    }
    const action = probation.noteRejection(at, true) ?? 'ignored'
    return [action === 'kept' ? `kept for ${probation.coolDownUntil() - at}` : action]
  })
}

test('a token that replaced no refused one is suspect, at any age', { tags: ['U1'] }, () => {
  expect(story(['refuse', 0])).toEqual(['suspect'])
  expect(story(['refuse', 4_999])).toEqual(['suspect'])
  expect(story(['replace', 1_000], ['refuse', 1_001])).toEqual(['suspect'])
})

test('keeps the replacement of a rejected token if it is rejected within 5 s', {
  tags: ['U6'],
}, () => {
  expect(story(['refuse', 0], ['replace', 10], ['refuse', 5_009])).toEqual([
    'suspect',
    'kept for 5000',
  ])
  expect(story(['refuse', 0], ['replace', 10], ['refuse', 5_010])).toEqual(['suspect', 'suspect'])
})

test('refusals within a cool-down change nothing, and the first after it drops the token', {
  tags: ['U6'],
}, () => {
  const steps = [
    ['refuse', 0],
    ['replace', 0],
    ['refuse', 1_000],
    ['refuse', 1_001],
    ['refuse', 5_999],
    ['refuse', 6_000],
  ] as const
  expect(story(...steps)).toEqual(['suspect', 'kept for 5000', 'ignored', 'ignored', 'suspect'])
})

/** Refused, replaced, refused at once, and so on, each as soon as it counts. */
function refusedAgainAndAgain(times: number, from = 0) {
  const steps: ['refuse' | 'replace', number][] = []
  let at = from
  let coolDown = 5_000
  for (let time = 0; time < times; time++) {
    steps.push(['refuse', at], ['replace', at], ['refuse', at])
    at += coolDown
    coolDown = Math.min(coolDown * 2, 60_000)
  }
  return { steps, at }
}

test('the cool-down doubles from 5 s to 60 s', { tags: ['U6'] }, () => {
  const kept = story(...refusedAgainAndAgain(6).steps).filter((action) => action !== 'suspect')
  expect(kept).toEqual([
    'kept for 5000',
    'kept for 10000',
    'kept for 20000',
    'kept for 40000',
    'kept for 60000',
    'kept for 60000',
  ])
})

test('a replacement that passes its probation unrefused sets the cool-down back to 5 s', {
  tags: ['U6'],
}, () => {
  const { steps, at } = refusedAgainAndAgain(3)
  const passed = story(
    ...steps,
    ['refuse', at],
    ['replace', at],
    ['refuse', at + 5_000],
    ['replace', at + 5_000],
    ['refuse', at + 5_001],
  )
  expect(passed.slice(-3)).toEqual(['suspect', 'suspect', 'kept for 5000'])
})

test('it does so too when it was replaced before anyone refused it', { tags: ['U6'] }, () => {
  const { steps, at } = refusedAgainAndAgain(3)
  const passed = story(
    ...steps,
    ['refuse', at],
    ['replace', at],
    ['replace', at + 5_000],
    ['refuse', at + 9_000],
    ['replace', at + 9_000],
    ['refuse', at + 9_001],
  )
  expect(passed.slice(-3)).toEqual(['suspect', 'suspect', 'kept for 5000'])
})

test('keeps the cool-down after a token that was replaced in its probation, and after one that was kept', {
  tags: ['U6'],
}, () => {
  const { steps, at } = refusedAgainAndAgain(1)
  const early = story(
    ...steps,
    ['refuse', at],
    ['replace', at],
    ['replace', at + 4_999],
    ['refuse', at + 9_000],
    ['replace', at + 9_000],
    ['refuse', at + 9_001],
  )
  expect(early.at(-1)).toBe('kept for 10000')
  const kept = story(
    ...steps,
    ['refuse', at + 9_000],
    ['replace', at + 9_000],
    ['refuse', at + 9_001],
  )
  expect(kept.at(-1)).toBe('kept for 10000')
})
