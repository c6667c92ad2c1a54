/** Throws a TypeError that names the first member of `value` which is not among the `known`. */
export function requireKnownMembers(what: string, value: object, known: readonly string[]): void {
  for (const member of Object.keys(value)) {
    if (!known.includes(member)) {
      throw new TypeError(`${what} has no member ${member}; it has ${known.join(', ')}`)
    }
  }
}
