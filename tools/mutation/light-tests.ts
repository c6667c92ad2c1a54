import { beforeEach } from 'vitest'

/** Other tests prove the same with two or three callers. A run of these per mutant takes too long. */
const crowds =
  /ten thousand|a thousand|five hundred|100,000|hundred thousand|1000 calls|costs? no more than|is twice the work/

/** Slow tests that run through the http adapter of axios, too. */
const again = /(fetch|custom) adapter .*(a timeout covers|X1 X2 X3 X4 X5 X8)/

beforeEach(({ task, skip }) => {
  const name = `${task.suite?.name} ${task.name}`
  skip(crowds.test(name) || again.test(name))
})
