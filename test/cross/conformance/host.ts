import type {
  AuthorizationOptions,
  CountersignError,
  RequestAuthorization,
  TokenSource,
} from '@countersign/core'

/** What the suite asks of a host library: the smallest set-up a user would write. */
export interface HostUnderTest {
  readonly name: string
  client(setup: Setup): Client
  /** Whether it follows redirects; adapters of a user's own may not. */
  readonly redirects: boolean
  /** Whether it shows the hops of a redirect. */
  readonly showsRedirects?: boolean
  /** Whether a second attachment is another function around the first, which it cannot see. */
  readonly nests?: boolean
  /** Bodies that can be read once, as far as this host sends such bodies at all. */
  readonly oneShotBodies: Readonly<Record<string, () => unknown>>
  /** The host's own words for a request that its caller ended with this reason. */
  isAbort(error: unknown, reason: unknown): boolean
  isTimeout(error: unknown): boolean
  /** How a user finds our error when there is no token to be had. */
  tokenFailure(error: unknown): CountersignError | undefined
}

interface Setup extends Omit<AuthorizationOptions, 'isTokenRejected'> {
  /** For any client; its response is read before. */
  readonly isTokenRejected?: (answered: Answered) => boolean | Promise<boolean>
  readonly tokens: TokenSource
  readonly baseUrl: string
}

interface Client {
  /** Settles with any status; the host's own way of rejecting a 401 or 500 is undone here. */
  send(call: Call): Promise<Answered>
  /** Attaches this provider, or another one for origins of its own, on top. */
  attachAgain(other?: Partial<Pick<Setup, 'tokens' | 'origins'>>): void
}

export interface Call {
  readonly method?: string
  /** A path on the base URL, or an absolute URL. */
  readonly url: string
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly json?: unknown
  readonly body?: unknown
  readonly countersign?: RequestAuthorization | false
  readonly signal?: AbortSignal
  readonly timeout?: number
}

export interface Answered {
  readonly status: number
  readonly text: string
}
