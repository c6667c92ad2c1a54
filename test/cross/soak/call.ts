import { randomUUID } from 'node:crypto'
import { answerFault } from './answer-fault.ts'
import type { Host } from './hosts.ts'
import type { Tally } from './tally.ts'

/** A call that rejected. */
export interface Rejection {
  error: unknown
  /** Epoch milliseconds. */
  startedAt: number
  tookMs: number
}

/** Says what is wrong with a rejection; undefined: it is the one that the caller is owed. */
export type JudgeRejection = (rejection: Rejection) => string | undefined

export interface Call {
  clientId: string
  host: Host
  tally: Tally
  /** A POST with a JSON body that no other call has, or a GET. */
  isPost: boolean
  /** By default a rejected call is a lost one. */
  judgeRejection?: JudgeRejection
}

/** One request, judged and added to the tally. Never rejects. */
export async function call({
  clientId,
  host,
  tally,
  isPost,
  judgeRejection = anyIsLost,
}: Call): Promise<void> {
  const body = isPost ? { id: randomUUID(), note: 'n'.repeat(200) } : undefined
  const startedAt = Date.now()
  const since = performance.now()
  tally.started()
  try {
    const fault = answerFault(await host.send(body), { clientId, body })
    tally.ended(fault === undefined ? 'answered' : { lost: fault }, performance.now() - since)
  } catch (error) {
    const tookMs = performance.now() - since
    const fault = judgeRejection({ error, startedAt, tookMs })
    tally.ended(fault === undefined ? 'without-token' : { lost: fault }, tookMs)
  }
}

function anyIsLost({ error }: Rejection): string {
  const { code, message } = error as { code?: unknown; message?: unknown }
  return `rejected: ${code ?? message ?? error}`
}
