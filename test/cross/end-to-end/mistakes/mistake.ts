import type { TokenProviderOptions } from '@countersign/core'

/** A common mistake: a real server, and options that are wrong for it. */
export interface Mistake {
  readonly name: string
  /** Matches the first hint, or else the message. */
  readonly cause: RegExp
  /**
   * 'corrected': a token is issued after one rejection; 'not accepted': the options are invalid.
   * By default no token is issued.
   */
  readonly outcome?: 'corrected' | 'not accepted'
  plant(): Promise<Planted>
}

export interface Planted extends AsyncDisposable {
  readonly options: TokenProviderOptions
  /** Counts the token requests that have arrived. */
  tokenRequests(): number
}

export const clientId = 'institution-0001'
