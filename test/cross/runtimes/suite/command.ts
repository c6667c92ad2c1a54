import type { Jwk } from '@countersign/core'
import type { ScriptedAnswer } from '@countersign/testing'

/** What a runtime may ask of the servers that stand outside of it. */
export interface Commands {
  /** New servers: an authorization server, its API, and an origin that is never named. */
  open(input: { clock: 'by hand' | 'wall' }): Opened
  register(input: { jwk: Jwk }): void
  /** Scripts the next answers of one server. */
  next(input: { server: ServerName; answers: readonly ScriptedAnswer[] }): void
  /** From now on token requests are answered when `release` says so. */
  hold(): void
  release(): void
  /** Answered when that many token requests have arrived. */
  arrived(input: { count: number }): void
  revokeAll(): void
  /** A PKCS#8 PEM in another container. */
  converted(input: { pem: string; container: Container }): string
  /** Moves the clock of the authorization server. */
  advance(input: { ms: number }): void
  seen(): Seen
  close(): void
}

type ServerName = 'authorizationServer' | 'api' | 'elsewhere'

export type Container = 'PKCS#1' | 'SEC1' | 'encrypted PKCS#8'

export const passphrase = 'of a test'

export interface Opened {
  readonly id: number
  readonly tokenEndpoint: string
  readonly api: string
  readonly elsewhere: string
  /** Epoch milliseconds, by the clock of the authorization server. */
  readonly now: number
}

export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly authorization?: string
  readonly body: string
  readonly status: number
}

export interface Seen {
  readonly tokenRequests: readonly {
    readonly alg?: unknown
    readonly kid?: unknown
    readonly status: number
    readonly refusal?: string
  }[]
  readonly issued: number
  readonly api: readonly SeenRequest[]
  readonly elsewhere: readonly SeenRequest[]
}

/** How a command travels: the body of a POST, answered with `{ value }` as JSON. */
export interface CommandMessage {
  readonly name: keyof Commands
  /** That of `Opened`; `open` has none. */
  readonly id?: number
  readonly input?: unknown
}
