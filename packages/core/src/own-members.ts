/** What stands on `Object.prototype` is a member of nothing that is read here. */
export function ownMember(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? Reflect.get(object, name) : undefined
}

/** A copy on which nothing of `Object.prototype` is found, for those who read all they can find. */
export function withoutPrototype<T extends object>(members: T): T {
  return Object.assign(Object.create(null), members)
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
