/** A process whose private keys never leave it, in place of a KMS or an HSM. */
import { constants, sign } from 'node:crypto'
import type { Algorithm } from '@countersign/core'
import { serveCommands } from './commands.ts'
import { ecPair, rsaPair } from './keys.ts'

const pairs = { ES256: ecPair(), PS256: rsaPair(), RS256: rsaPair() }

interface KeyRequest {
  readonly alg: Algorithm
  /** The format of an ECDSA signature. */
  readonly form: 'raw' | 'DER'
  readonly bytes: Uint8Array
}

const commands = {
  publicKeys: () => ({
    ES256: pairs.ES256.publicJwk,
    PS256: pairs.PS256.publicJwk,
    RS256: pairs.RS256.publicJwk,
  }),
  sign({ alg, form, bytes }: KeyRequest): Uint8Array {
    const key = pairs[alg].privateKey
    const padding =
      alg === 'PS256' ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : {}
    const dsaEncoding = form === 'DER' ? 'der' : 'ieee-p1363'
    return sign('sha256', bytes, { key, dsaEncoding, ...padding })
  },
}

export type KeyCommands = typeof commands

serveCommands(commands)
