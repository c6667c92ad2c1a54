import type { Case, CaseOutcome } from './case.ts'
import type { Traits } from './traits.ts'
import { openWorld } from './world.ts'

/** A case that takes longer hangs. */
const limit = 30_000

/** Runs a case in a world of its own. */
export async function runCase(stage: string, traits: Traits, one: Case): Promise<CaseOutcome> {
  const { name } = one
  try {
    const world = await openWorld(stage, traits, one.clock)
    try {
      await withinLimit(one.run(world))
    } finally {
      await world.ask('close')
    }
    return { name, passed: true }
  } catch (error) {
    return { name, passed: false, reason: String(error instanceof Error ? error.stack : error) }
  }
}

async function withinLimit(work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not end within ${limit / 1000} s`)), limit)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
