import { call, type JudgeRejection } from './call.ts'
import type { Host } from './hosts.ts'
import type { Tally } from './tally.ts'

/** Requests a second of the rows with one client. */
export const steadyRate = 200

/** Through axios, ky and fetch in turn, a POST and a GET in turn: six calls are one of each. */
export function mixedCalls({
  clientId,
  hosts,
  tally,
  judgeRejection,
}: {
  clientId: string
  hosts: readonly [Host, Host, Host]
  tally: Tally
  judgeRejection?: JudgeRejection
}): (index: number) => Promise<void> {
  return (index) => {
    const host = hosts[index % 3] as Host
    const isPost = index % 2 === 0
    return call({ clientId, host, tally, isPost, ...(judgeRejection && { judgeRejection }) })
  }
}
