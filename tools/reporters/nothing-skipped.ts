import type { Reporter } from 'vitest/node'

/** With CI=true a test that did not run is a failure: nothing may be missing unnoticed. */
export const nothingSkipped: Reporter = {
  onTestRunEnd(modules) {
    if (process.env.CI !== 'true') return
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const skipped = tests.filter((test) => test.result().state === 'skipped')
    if (tests.length > 0 && skipped.length === 0) return
    for (const test of skipped) console.error(`skipped: ${test.fullName}`)
    console.error(
      tests.length === 0 ? 'No test ran.' : `${skipped.length} skipped; CI allows none.`,
    )
    process.exitCode = 1
  },
}
