import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { RegisteredClient } from '../../../examples/servers/authorization-server.ts'

/** A client that a row needs. */
export interface WantedClient {
  clientId: string
  tokenLifetimeSeconds: number
}

export interface SoakClient {
  registration: RegisteredClient
  /** Stays in this process. */
  privateKey: KeyObject
}

export function makeClient({ clientId, tokenLifetimeSeconds }: WantedClient): SoakClient {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    privateKey,
    registration: {
      clientId,
      algorithm: 'ES256',
      publicKey: { kty: 'EC', ...publicKey.export({ format: 'jwk' }) },
      tokenLifetimeSeconds,
    },
  }
}
