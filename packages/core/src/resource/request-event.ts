/** What an adapter reports of one request. Carries no token, URL path, header or body. */
export type RequestEvent = { readonly origin: string; readonly method: string } & (
  | { readonly type: 'request-replayed' }
  | {
      readonly type: 'replay-withheld'
      readonly reason: 'one-shot-body' | 'redirected' | 'same-token' | 'aborted'
    }
  | {
      /** A 403, with the scope that its challenge names. */
      readonly type: 'insufficient-scope'
      readonly scope: string | undefined
    }
)

/** The value of the per-request key `countersign`; `false` there sends the request untouched. */
export interface RequestAuthorization {
  scope?: string | readonly string[]
  resource?: string | readonly string[]
}

/** What every adapter takes. */
export interface AuthorizationOptions {
  /**
   * Exact origins (`'https://banno.com'`), compared after URL parsing. No path, no wildcard, not
   * empty. An http origin that is not loopback must be written here itself: that is the opt-in.
   */
  origins: readonly string[]
  /** `'pass'`: sent untouched. `'throw'`: `ForeignOriginError`, nothing is sent. */
  onForeignOrigin?: 'pass' | 'throw'
  /** What it throws, or rejects with, is swallowed. */
  onEvent?: (event: RequestEvent) => void
}
