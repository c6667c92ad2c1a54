/**
 * Keys that never leave this process: makes one of each kind, tells their public parts, and signs
 * what it is sent. Stands for a KMS or an HSM.
 */
import { constants, generateKeyPairSync, sign } from 'node:crypto'
import type { KeyRequest } from './key-holder.ts'

const pairs = {
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  PS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
}

process.on('message', ({ id, alg, form, bytes }: KeyRequest) => {
  const key = pairs[alg].privateKey
  const padding =
    alg === 'PS256' ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : {}
  const dsaEncoding = form === 'DER' ? 'der' : 'ieee-p1363'
  process.send?.({ id, signature: sign('sha256', bytes, { key, dsaEncoding, ...padding }) })
})

const publicKeys = Object.entries(pairs).map(([alg, { publicKey }]) => [
  alg,
  publicKey.export({ format: 'jwk' }),
])
process.send?.(Object.fromEntries(publicKeys))
