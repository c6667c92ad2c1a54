import type { TokenProvider, TokenProviderOptions } from '@countersign/core'
import type { WantedClient } from './clients.ts'
import type { RowOutcome } from './run.ts'
import type { Servers } from './servers.ts'

/** What a row works with. */
export interface Stage {
  durationMs: number
  servers: Servers
  /** A new provider of one of the row's clients. */
  provider(clientId: string, options?: Partial<TokenProviderOptions>): TokenProvider
}

export interface Row {
  id: string
  title: string
  /** The clients that it needs, with the lifetimes of their tokens. */
  clients(durationMs: number): readonly WantedClient[]
  run(stage: Stage): Promise<RowOutcome>
}
