/** A prototype with nothing in it; objects that have none at all are slow. */
const nothing: object = Object.freeze(Object.create(null))

/**
 * Copies an object from outside where it enters. What a careless merge left on `Object.prototype`
 * is not found on the copy, so code inside reads its members without a guard.
 */
export function snapshot<T extends object>(members: T | null | undefined): T {
  return Object.assign(Object.create(nothing), members)
}

/** A member of an error from outside, which is read where it is and not copied. */
export function readOwnMember(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? Reflect.get(object, name) : undefined
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
