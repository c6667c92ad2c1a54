import type { World } from './world.ts'

/** One promise, in web-standard code that every runtime can run; it throws if it is not kept. */
export interface Case {
  readonly name: string
  /** Of its servers; by hand when left out. */
  readonly clock?: 'by hand' | 'wall'
  run(world: World): Promise<void>
}

/** What became of a case. */
export interface CaseOutcome {
  readonly name: string
  readonly passed: boolean
  /** Why it did not pass. */
  readonly reason?: string
}
