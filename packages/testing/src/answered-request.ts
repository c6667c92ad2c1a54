/** A request to a server of this kit, at any path. */
export interface ReceivedRequest {
  /** The HTTP method, in upper case. */
  readonly method: string
  /** The path and query, as sent. */
  readonly url: string
}

/** A request that a server of this kit has answered. */
export interface AnsweredRequest extends ReceivedRequest {
  /** The HTTP status of the response. */
  readonly status: number
}
