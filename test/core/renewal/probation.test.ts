import { expect, test } from 'vitest'
import { createProbation } from '#core/renewal/probation.js'

type Step = `${'refuse' | 'doubt' | 'replace'} ${number}`

/** Tells a story: what happens at moments of a monotonic clock. */
function story(...steps: readonly Step[]): string[] {
  const probation = createProbation()
  probation.noteReplacement(0)
  return steps.flatMap((step) => {
    const [what, moment] = step.split(' ')
    const at = Number(moment)
    if (what === 'replace') {
      probation.noteReplacement(at)
      return []
    }
    const action = probation.noteRejection(at, what === 'refuse') ?? 'ignored'
    return [action === 'kept' ? `kept for ${probation.coolDownUntil() - at}` : action]
  })
}

/** Refused, replaced, refused at once, and so on, each as soon as it counts. */
function refusedAgainAndAgain(times: number) {
  const steps: Step[] = []
  let at = 0
  let coolDown = 5_000
  for (let time = 0; time < times; time++) {
    steps.push(`refuse ${at}`, `replace ${at}`, `refuse ${at}`)
    at += coolDown
    coolDown = Math.min(coolDown * 2, 60_000)
  }
  return { steps, at }
}

test('a token that replaced no refused one is suspect, at any age', { tags: ['U1'] }, () => {
  expect(story('refuse 0')).toEqual(['suspect'])
  expect(story('refuse 4999')).toEqual(['suspect'])
  expect(story('replace 1000', 'refuse 1001')).toEqual(['suspect'])
})

test('keeps a replacement that is rejected within 5 s', { tags: ['U6'] }, () => {
  expect(story('refuse 0', 'replace 10', 'refuse 5009')).toEqual(['suspect', 'kept for 5000'])
  expect(story('refuse 0', 'replace 10', 'refuse 5010')).toEqual(['suspect', 'suspect'])
})

test('refusals within a cool-down change nothing', { tags: ['U6'] }, () => {
  const kept = story('refuse 0', 'replace 0', 'refuse 1000', 'doubt 1001', 'refuse 5999')
  expect(kept).toEqual(['suspect', 'kept for 5000', 'ignored', 'ignored'])
  const dropped = story('refuse 0', 'replace 0', 'refuse 1000', 'refuse 6000')
  expect(dropped).toEqual(['suspect', 'kept for 5000', 'suspect'])
})

test('the cool-down doubles from 5 s to 60 s', { tags: ['U6'] }, () => {
  const kept = story(...refusedAgainAndAgain(6).steps).filter((action) => action !== 'suspect')
  const seconds = [5, 10, 20, 40, 60, 60]
  expect(kept).toEqual(seconds.map((length) => `kept for ${length}000`))
})

test.each([
  ['rejected after its probation resets the cool-down', 'refuse', 5_000, 5_000],
  ['replaced after its probation resets the cool-down', 'replace', 5_000, 5_000],
  ['replaced in its probation does not', 'replace', 4_999, 40_000],
] as const)('a replacement that was %s', { tags: ['U6'] }, (_, step, ms, coolDown) => {
  const { steps, at } = refusedAgainAndAgain(3)
  const passed = [`refuse ${at}`, `replace ${at}`, `${step} ${at + ms}`] as const
  const again = [`refuse ${at + 9_000}`, `replace ${at + 9_000}`, `refuse ${at + 9_001}`] as const
  expect(story(...steps, ...passed, ...again).at(-1)).toBe(`kept for ${coolDown}`)
})

test('a token that was kept does not reset the cool-down', { tags: ['U6'] }, () => {
  const { steps, at } = refusedAgainAndAgain(1)
  const again = [`refuse ${at + 9_000}`, `replace ${at + 9_000}`, `refuse ${at + 9_001}`] as const
  expect(story(...steps, ...again).at(-1)).toBe('kept for 10000')
})

test('a rejection in doubt counts once per cool-down', { tags: ['U6'] }, () => {
  const steps = Array.from({ length: 161 }, (_, second): Step => `doubt ${second * 1_000}`)
  const actions = [...story(...steps).entries()]
  const counted = actions.filter(([, action]) => action === 'suspect').map(([second]) => second)
  expect(counted).toEqual([0, 5, 15, 35, 75, 135])
})

test('a certain rejection counts in a cool-down of rejections in doubt', { tags: ['U6'] }, () => {
  expect(story('doubt 0', 'refuse 1')).toEqual(['suspect', 'suspect'])
})

test.each([
  [64_999, 10_000],
  [65_000, 5_000],
])('a rejection in doubt after %i ms starts a cool-down of %i ms', (at, ms) => {
  const actions = story('doubt 0', `doubt ${at}`, `doubt ${at + ms - 1}`, `doubt ${at + ms}`)
  expect(actions).toEqual(['suspect', 'suspect', 'ignored', 'suspect'])
})
