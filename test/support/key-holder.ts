import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Algorithm, Jwk } from '@countersign/core'

export interface KeyRequest {
  readonly id: number
  readonly alg: Algorithm
  /** Of an ECDSA signature. */
  readonly form: 'raw' | 'DER'
  readonly bytes: Uint8Array
}

/** A process that holds a key of each algorithm and signs with it. */
export interface KeyHolder {
  readonly publicKeys: Readonly<Record<Algorithm, Jwk>>
  sign(request: Omit<KeyRequest, 'id'>): Promise<Uint8Array>
  close(): Promise<void>
}

export async function startKeyHolder(): Promise<KeyHolder> {
  const program = fileURLToPath(new URL('key-process.ts', import.meta.url))
  const child = fork(program, { execArgv: [], serialization: 'advanced' })
  const [publicKeys] = (await once(child, 'message')) as [KeyHolder['publicKeys']]
  const waiting = new Map<number, (signature: Uint8Array) => void>()
  child.on('message', ({ id, signature }: { id: number; signature: Uint8Array }) => {
    waiting.get(id)?.(signature)
    waiting.delete(id)
  })
  let count = 0
  return {
    publicKeys,
    sign(request) {
      const id = ++count
      return new Promise((resolve) => {
        waiting.set(id, resolve)
        child.send({ ...request, id })
      })
    },
    async close() {
      const ended = once(child, 'exit')
      child.kill()
      await ended
    },
  }
}
