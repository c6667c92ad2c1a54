import type { ScriptedAnswer } from './scripted-answer.js'

/**
 * A well-formed answer. With neither status nor body it is the fault server's own, with these
 * headers: 200 and a token response.
 */
export type WholeAnswer = Pick<ScriptedAnswer, 'status' | 'headers' | 'body'>

/**
 * One way in which a `FaultServer` answers a request, or fails to.
 *
 * @example
 * ```ts
 * server.next({ type: 'reset' }, { type: 'slow-body', interval: 20 }, { type: 'answer', status: 503 })
 * ```
 */
export type Fault =
  /** No fault: a whole answer, after which the connection is kept alive. */
  | ({ type: 'answer' } & WholeAnswer)
  /** These bytes as they are; then the connection is closed, unless `end` says otherwise. */
  | { type: 'raw'; bytes: string | Uint8Array; end?: FaultEnd }
  /** A TCP reset instead of an answer. */
  | { type: 'reset' }
  /** The connection is closed in good order (FIN), without an answer. */
  | { type: 'close' }
  /** The next connection is closed when it is accepted; one that is open already, as by `close`. */
  | { type: 'close-on-accept' }
  /** The request is taken and never answered. */
  | { type: 'silence' }
  /** A whole answer, a byte every `interval` (50) milliseconds of real time. */
  | ({ type: 'slow-headers'; interval?: number } & WholeAnswer)
  /** The same, but only the body is slow. */
  | ({ type: 'slow-body'; interval?: number } & WholeAnswer)
  /** Half of the body, then the connection is closed. `framing`: content-length when left out. */
  | ({ type: 'cut-body'; framing?: BodyFraming } & WholeAnswer)
  /** Two `content-length` headers that contradict each other. */
  | { type: 'duplicate-content-length' }
  /** A header of `size` (70,000) bytes. */
  | { type: 'oversized-header'; size?: number }
  /** The greeting of another protocol. */
  | { type: 'not-http' }
  /** `content-encoding: gzip` before a body that is not gzip. */
  | { type: 'bad-gzip' }
  /** A chunked body of a thousandth of `size` (200,000,000) bytes, which are blanks when inflated. */
  | { type: 'gzip-bomb'; size?: number }
  /** A `content-length` of `length` (10,000,000,000) bytes; one byte comes, and no more. */
  | { type: 'endless-body'; length?: number }
  /** `content-encoding` with gzip named `count` (1,000) times. */
  | { type: 'repeated-content-encoding'; count?: number }

/** What becomes of the connection: 'silence' leaves it open. */
export type FaultEnd = 'close' | 'reset' | 'silence'

/** How a body says where it ends (RFC 9112 section 6). */
export type BodyFraming = 'content-length' | 'chunked'
