import type { ScriptedAnswer } from './scripted-answer.js'

/**
 * A well-formed answer. With neither status nor body it is the fault server's own, with these
 * headers: 200 and a token response.
 *
 * @inline
 */
export type WholeAnswer = Pick<ScriptedAnswer, 'status' | 'headers' | 'body'>

/**
 * A way in which a `FaultServer` answers a request, or fails to.
 *
 * @example
 * ```ts
 * server.next({ type: 'reset' }, { type: 'slow-body', interval: 20 }, { type: 'answer', status: 503 })
 * ```
 */
export type Fault =
  | ({
      /** No fault: a whole answer, after which the connection is kept alive. */
      type: 'answer'
    } & WholeAnswer)
  | {
      /** Bytes that are sent as they are. */
      type: 'raw'
      /** The bytes. */
      bytes: string | Uint8Array
      /** What happens to the connection afterwards. @default 'close' */
      end?: FaultEnd
    }
  | {
      /**
       * A fault without a setting. Instead of an answer: `reset` is a TCP reset, `close` closes the
       * connection (FIN), `silence` never answers, and `not-http` is the greeting of another
       * protocol. `close-on-accept` closes the next connection when it is accepted, and an open one
       * as `close` does. `duplicate-content-length` sends two headers that contradict each other,
       * `oversized-header` one of 70 kB, and `bad-gzip` announces gzip for a body that is not.
       * `gzip-bomb` is a chunked body that inflates to 200 MB of spaces, and `endless-body`
       * announces 10 GB, of which it sends one byte.
       */
      type:
        | ('reset' | 'close' | 'close-on-accept' | 'silence' | 'not-http' | 'bad-gzip')
        | ('duplicate-content-length' | 'oversized-header' | 'gzip-bomb' | 'endless-body')
    }
  | ({
      /** A whole answer, byte by byte, or with a body that is sent byte by byte. */
      type: 'slow-headers' | 'slow-body'
      /** The time between two bytes, in milliseconds of real time. @default 50 */
      interval?: number
    } & WholeAnswer)
  | ({
      /** Half of the body, after which the connection is closed. */
      type: 'cut-body'
      /** How the body shows where it ends. @default 'content-length' */
      framing?: BodyFraming
    } & WholeAnswer)
  | {
      /** A `content-encoding` that repeats gzip. */
      type: 'repeated-content-encoding'
      /** How often gzip is repeated. @default 1000 */
      count?: number
    }

/**
 * What happens to the connection: 'silence' leaves it open. On Node 22 a client in the same process
 * sees a FIN before the 'reset' that follows bytes.
 *
 * @inline
 */
export type FaultEnd = 'close' | 'reset' | 'silence'

/**
 * How a body shows where it ends (RFC 9112 section 6).
 *
 * @inline
 */
export type BodyFraming = 'content-length' | 'chunked'
