import type { KeyObjectLike } from './key-input.js'

/** What is used of `node:crypto`. */
interface NodeCrypto {
  createPrivateKey(input: { key: string; passphrase: string | undefined }): KeyObjectLike
  createECDH(curve: string): {
    setPrivateKey(key: string, encoding: 'base64url'): void
    getPublicKey(encoding: 'hex'): string
  }
}

/**
 * `node:crypto` where the runtime has it (Node, Bun, Deno), asked for at each use. The only way
 * to anything of Node's: an import would keep bundles from running elsewhere.
 */
export function nodeCrypto(): NodeCrypto | undefined {
  return globalThis.process?.getBuiltinModule?.('node:crypto') as NodeCrypto | undefined
}
