import type { TokenProviderOptions } from '@countersign/core'

/** A mistake that people make, planted: a real server, and options that are wrong for it. */
export interface Mistake {
  readonly name: string
  /** What the first cause, or else the message, says of it. */
  readonly cause: RegExp
  /**
   * 'refused': no token is to be had; 'corrected': there is one after a refusal; 'not accepted':
   * the options are not.
   */
  readonly outcome: 'refused' | 'corrected' | 'not accepted'
  plant(): Promise<Planted>
}

export interface Planted extends AsyncDisposable {
  readonly options: TokenProviderOptions
  /** How many token requests have reached the server, or whatever answers in its place. */
  tokenRequests(): number
}

export const clientId = 'institution-0001'
