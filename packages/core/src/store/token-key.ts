import { accessKey, type RequestedAccess } from '../requested-access.js'
import { sha256 } from '../sha256.js'
import { isObject } from '../snapshot.js'

/** Everything that can change a token. */
export interface TokenIdentity {
  readonly tokenEndpoint: string
  readonly access: RequestedAccess
  readonly parameters: Readonly<Record<string, string>>
  readonly partition: string | undefined
  /** The signing key's thumbprint, or its kid where it has none to give. */
  readonly key: string
  /** Header and claims of the assertion, without those that differ in each assertion. */
  readonly assertion: {
    readonly clientId: string
    readonly audience: string
    readonly alg: string
    readonly kid: string | undefined
    readonly typ: string
    readonly claims: Readonly<Record<string, unknown>>
    readonly header: Readonly<Record<string, unknown>>
  }
}

/** Returns the key of a token in a shared store: 64 hexadecimal characters that reveal nothing of what they stand for. */
export function tokenKey({ access, ...identity }: TokenIdentity): Promise<string> {
  return sha256(JSON.stringify([sorted(identity), accessKey(access)]))
}

/** A copy with all members in order: two spellings of the same JSON have one key. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isObject(value)) return value
  const entries = Object.entries(value).map(([name, member]) => [name, sorted(member)] as const)
  // A tag, or an object would have the key of an array of pairs.
  return { sorted: entries.sort(([a], [b]) => (a < b ? -1 : 1)) }
}
