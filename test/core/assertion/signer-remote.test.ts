import type { AssertionSigner } from '@countersign/core'
import { afterAll, beforeAll } from 'vitest'
import { type KeyHolder, startKeyHolder } from '../../support/key-holder.ts'
import { signerSuite } from './signer.ts'

let holder: KeyHolder

beforeAll(async () => {
  holder = await startKeyHolder()
})
afterAll(() => holder.close())

for (const [alg, form, overridden] of [
  ['ES256', 'raw'],
  ['ES256', 'DER'],
  ['PS256', 'raw'],
  ['RS256', 'raw'],
  ['ES256', 'DER', 'key-2'],
] as const) {
  const signed: Uint8Array[] = []
  const signer: AssertionSigner = {
    alg,
    kid: 'key-1',
    sign(bytes, signal) {
      signal.throwIfAborted()
      signed.push(bytes)
      return holder.sign({ alg, form, bytes })
    },
  }
  const kid = overridden ?? signer.kid
  const name = `${alg}, in another process, ${form}${overridden ? ', under another kid' : ''}`
  signerSuite(
    () => ({
      ...{ name, alg, kid, signed },
      publicKey: holder.publicKeys[alg],
      options: { signer, kid: overridden },
    }),
    name,
  )
}
