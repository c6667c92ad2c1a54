import { KeyError } from '../errors.js'
import { namedAlgorithm } from '../keys/algorithm-name.js'
import { safeCause } from '../keys/safe-cause.js'
import { invalidOption } from '../options.js'
import { isObject } from '../own-members.js'
import type { AssertionSigner } from './assertion-signer.js'
import type { Sign } from './local-signer.js'
import { joseSignature } from './signature-form.js'

/** Reads the option `signer` once; later changes of the object change nothing. */
export function readSigner(value: unknown): AssertionSigner {
  if (!isObject(value)) throw invalidOption('signer', 'must be an object with alg, kid and sign')
  const { alg, kid, sign } = value as Record<keyof AssertionSigner, unknown>
  const named = namedAlgorithm(alg, 'signer.alg')
  if (named === undefined) throw invalidOption('signer.alg', 'is missing: ES256, PS256 or RS256')
  if (typeof kid !== 'string' || kid === '')
    throw invalidOption('signer.kid', 'must be a string that is not empty')
  if (typeof sign !== 'function') throw invalidOption('signer.sign', 'must be a function')
  return { alg: named, kid, sign: sign.bind(value) as AssertionSigner['sign'] }
}

/** Signs where the key lives; what the signer throws is not echoed. */
export function remoteSigner({ alg, sign }: AssertionSigner): Sign {
  return async (bytes, signal) => {
    let signature: unknown
    try {
      signature = await sign(bytes, signal)
    } catch (thrown) {
      throw new KeyError('ERR_KEY_PROVIDER', 'The signer failed.', safeCause(thrown))
    }
    return joseSignature(signature, alg)
  }
}
