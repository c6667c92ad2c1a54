import { accessKey, type RequestedAccess } from '../requested-access.js'
import { sha256 } from '../sha256.js'

/** Everything that changes a token. */
export interface TokenIdentity {
  readonly tokenEndpoint: string
  readonly clientId: string
  readonly audience: string
  /** The signing key's thumbprint, or its kid where it has none to give. */
  readonly key: string
  readonly access: RequestedAccess
  readonly parameters: Readonly<Record<string, string>>
}

/** The key of a token in a shared store: 64 hexadecimal characters that reveal nothing of what they stand for. */
export function tokenKey(identity: TokenIdentity): Promise<string> {
  const { tokenEndpoint, clientId, audience, key, access, parameters } = identity
  const sorted = Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1))
  return sha256(JSON.stringify([tokenEndpoint, clientId, audience, key, accessKey(access), sorted]))
}
