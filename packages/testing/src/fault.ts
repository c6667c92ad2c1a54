import type { ScriptedAnswer } from './scripted-answer.js'

/**
 * A well-formed answer. With neither status nor body it is the fault server's own, with these
 * headers: 200 and a token response.
 *
 * @inline
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
  | ({
      /** No fault: a whole answer, after which the connection is kept alive. */
      type: 'answer'
    } & WholeAnswer)
  | {
      /** Bytes as they are. */
      type: 'raw'
      /** What is sent. */
      bytes: string | Uint8Array
      /** What becomes of the connection: 'silence' leaves it open, 'close' when left out. */
      end?: FaultEnd
    }
  | {
      /** A TCP reset instead of an answer. */
      type: 'reset'
    }
  | {
      /** The connection is closed in good order (FIN), without an answer. */
      type: 'close'
    }
  | {
      /** The next connection is closed when it is accepted; one that is open already, as by `close`. */
      type: 'close-on-accept'
    }
  | {
      /** The request is taken and never answered. */
      type: 'silence'
    }
  | ({
      /** A whole answer, byte by byte. */
      type: 'slow-headers'
      /** Milliseconds of real time between two bytes; 50 when left out. */
      interval?: number
    } & WholeAnswer)
  | ({
      /** The same, but only the body is slow. */
      type: 'slow-body'
      /** Milliseconds of real time between two bytes; 50 when left out. */
      interval?: number
    } & WholeAnswer)
  | ({
      /** Half of the body, then the connection is closed. */
      type: 'cut-body'
      /** How the body says where it ends; 'content-length' when left out. */
      framing?: BodyFraming
    } & WholeAnswer)
  | {
      /** Two `content-length` headers that contradict each other. */
      type: 'duplicate-content-length'
    }
  | {
      /** A header that is too long. */
      type: 'oversized-header'
      /** Its bytes; 70,000 when left out. */
      size?: number
    }
  | {
      /** The greeting of another protocol. */
      type: 'not-http'
    }
  | {
      /** `content-encoding: gzip` before a body that is not gzip. */
      type: 'bad-gzip'
    }
  | {
      /** A chunked body that is a thousand times as long when inflated, all blanks. */
      type: 'gzip-bomb'
      /** Its bytes when inflated; 200,000,000 when left out. */
      size?: number
    }
  | {
      /** A `content-length` that is not kept: one byte comes, and no more. */
      type: 'endless-body'
      /** What is announced, in bytes; 10,000,000,000 when left out. */
      length?: number
    }
  | {
      /** `content-encoding` that names gzip again and again. */
      type: 'repeated-content-encoding'
      /** How many times; 1,000 when left out. */
      count?: number
    }

/**
 * What becomes of the connection: 'silence' leaves it open. On Node 22 a
 * client in the same process sees a FIN before the 'reset' that follows something sent.
 *
 * @inline
 */
export type FaultEnd = 'close' | 'reset' | 'silence'

/**
 * How a body says where it ends (RFC 9112 section 6).
 *
 * @inline
 */
export type BodyFraming = 'content-length' | 'chunked'
