import { notPrivate, otherKind, rsaPssOid } from './key-error.js'
import type { Jwk, KeyObjectLike } from './key-input.js'
import { privateJwk } from './private-jwk.js'

/** Without a prototype, so that nothing on `Object.prototype` is an option. */
const asJwk: { format: 'jwk' } = Object.assign(Object.create(null), { format: 'jwk' })

/** The JWK of a private `KeyObject` of `node:crypto`. */
export function keyObjectJwk(key: KeyObjectLike): Jwk {
  if (key.type !== 'private') throw notPrivate(`a ${key.type} KeyObject`)
  if (key.asymmetricKeyType === 'rsa-pss') throw rsaPssOid()
  let jwk: object
  try {
    jwk = key.export(asJwk)
  } catch {
    throw otherKind()
  }
  return privateJwk(jwk)
}

/** By its methods: the class is Node's own. */
export function isKeyObject(input: object): input is KeyObjectLike {
  return 'type' in input && typeof Reflect.get(input, 'export') === 'function'
}
