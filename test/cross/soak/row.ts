import type { TokenProvider, TokenProviderOptions } from '@countersign/core'
import type { CommandProcess } from '../../support/commands.ts'
import type { ServerCommands } from './servers.ts'
import type { Totals } from './tally.ts'

/** The servers, clients and duration that a row works with. */
export interface Stage {
  readonly durationMs: number
  readonly servers: CommandProcess<ServerCommands>
  readonly apiOrigin: string
  /** Creates a provider of one of the row's clients. */
  provider(clientId: string, options?: Partial<TokenProviderOptions>): TokenProvider
}

export interface Row {
  readonly id: string
  readonly title: string
  /** The lifetimes of the tokens of the clients that it needs, in seconds. */
  clients(durationMs: number): Readonly<Record<string, number>>
  run(stage: Stage): Promise<RowOutcome>
}

/** One load on one provider, or on those of all tenants, and its result. */
export interface Run extends Totals {
  readonly name: string
  readonly tokenRequests: number
  /** The most token requests that the load may cost. */
  readonly bound: number
}

export interface RowOutcome {
  readonly runs: readonly Run[]
  /** The promises that did not hold, in words. */
  readonly broken: readonly string[]
  readonly notes: readonly string[]
}

/** Returns what is wrong with any load: lost requests, no answer, token requests over the bound. */
export function findFaults(run: Run): string[] {
  const { name, requests, answered200, withoutToken, lost, tokenRequests, bound } = run
  const reasons = Object.entries(lost).map(([reason, count]) => `${reason} (${count})`)
  const countLost = sumLost(lost)
  const faults: [boolean, string][] = [
    [countLost > 0, `${countLost} of ${requests} requests lost: ${reasons.join(', ')}`],
    [answered200 === 0, 'no request was answered 200'],
    [
      answered200 + withoutToken + countLost !== requests,
      `the outcomes do not add up to ${requests} requests`,
    ],
    [tokenRequests === 0, 'no token request was counted'],
    [tokenRequests > bound, `${tokenRequests} token requests, at most ${bound} are allowed`],
  ]
  return faults.filter(([isFault]) => isFault).map(([, text]) => `${name}: ${text}`)
}

export function sumLost(lost: Totals['lost']): number {
  return Object.values(lost).reduce((sum, count) => sum + count, 0)
}
