/**
 * The suite in workerd: a request runs one case, or one step of a story that needs several
 * requests.
 */

import { cases } from '../suite/cases.ts'
import type { Opened } from '../suite/command.ts'
import { createHandClock } from '../suite/hand-clock.ts'
import { runCase } from '../suite/run-case.ts'
import type { Traits } from '../suite/traits.ts'
import { type World, worldOf } from '../suite/world.ts'
import { type Steps, steps } from './steps.ts'

interface Bindings {
  readonly stage: string
  readonly traits: Traits
}

/** What a request asks for: the name of a case, or of a step and the servers it is about. */
export type WorkerRequest =
  | { readonly caseName: string }
  | { readonly step: keyof Steps; readonly opened: Opened; readonly clock: 'by hand' | 'wall' }

let world: World | undefined

const worker = {
  fetch: async (request: Request, bindings: Bindings): Promise<Response> => {
    const asked: WorkerRequest = JSON.parse(await request.text())
    try {
      return Response.json({ value: await answer(asked, bindings) })
    } catch (error) {
      return Response.json({ error: String(error instanceof Error ? error.stack : error) })
    }
  },
}

export { worker as default }

async function answer(asked: WorkerRequest, { stage, traits }: Bindings): Promise<unknown> {
  if ('caseName' in asked) {
    const one = cases.find(({ name }) => name === asked.caseName)
    if (one === undefined) throw new Error(`there is no case ${asked.caseName}`)
    return runCase(stage, traits, one)
  }
  const { step, opened, clock } = asked
  if (world?.id !== opened.id) {
    const own = clock === 'wall' ? undefined : createHandClock(opened.now)
    world = worldOf(stage, traits, opened, own)
  }
  return steps[step](world)
}
