import { beforeEach } from 'vitest'

/** What these say of crowds and costs, others say of two or three; a run for each mutant is too dear. */
const crowds =
  /ten thousand|a thousand|five hundred|100,000|hundred thousand|1000 calls|costs? no more than|is twice the work/

/** What is slow, the same for each adapter of axios, and said once through its http adapter. */
const again = /(fetch|custom) adapter .*(a timeout covers|X1 X2 X3 X4 X5 X8)/

beforeEach(({ task, skip }) => {
  const name = `${task.suite?.name} ${task.name}`
  skip(crowds.test(name) || again.test(name))
})
