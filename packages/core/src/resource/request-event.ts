/** What an adapter reports of one request. Carries no token, URL path, header or body. */
export type RequestEvent = {
  /** Where the request went: scheme, host and port. */
  readonly origin: string
  /** Its HTTP method. */
  readonly method: string
} & (
  | {
      /** It was sent again, with another token, after a 401. */
      readonly type: 'request-replayed'
    }
  | {
      /** The 401 was handed back, without another try. */
      readonly type: 'replay-withheld'
      /** Why not. */
      readonly reason: 'one-shot-body' | 'redirected' | 'same-token' | 'aborted'
    }
  | {
      /** A 403 said that the token has too small a scope (RFC 6750 section 3.1). */
      readonly type: 'insufficient-scope'
      /** The scope that its challenge names. */
      readonly scope: string | undefined
    }
)

/** The value of the per-request key `countersign`; `false` there sends the request untouched. */
export interface RequestAuthorization {
  /** Replaces the provider's scope; order and duplicates do not matter. */
  scope?: string | readonly string[] | undefined
  /** Replaces the provider's resource indicators (RFC 8707). */
  resource?: string | readonly string[] | undefined
}

/** What every adapter takes. */
export interface AuthorizationOptions {
  /**
   * Exact origins (`'https://banno.com'`), compared after URL parsing. No path, no wildcard, not
   * empty. An http origin that is not loopback must be written here itself: that is the opt-in.
   */
  origins: readonly string[]
  /** `'pass'`: sent untouched. `'throw'`: `ForeignOriginError`, nothing is sent. */
  onForeignOrigin?: 'pass' | 'throw' | undefined
  /** What it throws, or rejects with, is swallowed. */
  onEvent?: ((event: RequestEvent) => void) | undefined
}
