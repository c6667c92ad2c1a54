import { withoutPrototype } from '../own-members.js'
import { isPrintable, notPrivate, otherKind, rsaPssOid } from './key-error.js'
import type { Jwk, KeyObjectLike } from './key-input.js'
import { privateJwk } from './private-jwk.js'

/** Without a prototype, so that nothing on `Object.prototype` is an option. */
const asJwk = withoutPrototype({ format: 'jwk' } as const)

/** The JWK of a private `KeyObject` of `node:crypto`. */
export function keyObjectJwk(key: KeyObjectLike): Jwk {
  if (key.type !== 'private')
    throw notPrivate(`${isPrintable(key.type) ? `a ${key.type}` : 'no'} KeyObject`)
  return privateJwk(exportedJwk(key))
}

/** All members of the JWK of a `KeyObject`, private or public. */
export function exportedJwk(key: KeyObjectLike): object {
  if (key.asymmetricKeyType === 'rsa-pss') throw rsaPssOid()
  try {
    return key.export(asJwk)
  } catch {
    throw otherKind()
  }
}

/** By its methods: the class is Node's own. */
export function isKeyObject(input: object): input is KeyObjectLike {
  return 'type' in input && typeof Reflect.get(input, 'export') === 'function'
}
