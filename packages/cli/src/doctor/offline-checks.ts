import {
  createTokenProvider,
  isCountersignError,
  type Jwk,
  type TokenProviderOptions,
} from '@countersign/core'
import { keyThumbprint, publicJwks } from '@countersign/core/keys'
import { commonOptions as options } from '../common-options.js'
import { type Inspection, inspectJwt } from '../inspect/inspection.js'
import { hasPrivateKey, noPrivateKey } from '../private-key.js'
import type { Profile } from '../profiles.js'
import { reportedFailure } from '../reported-failure.js'
import { missing, type Settings } from '../settings.js'
import { signedAssertion } from '../signed-assertion.js'
import { type Check, check } from './check.js'
import {
  judgedJwkSet,
  judgedPublicKey,
  readSet,
  type SigningKey,
  unpublished,
} from './published-key.js'

/** Where the public key stands that the server was given. */
export interface Published {
  readonly publicKey: string | undefined
  readonly jwks: string | undefined
}

type Options = TokenProviderOptions & { readonly clientId: string; readonly tokenEndpoint: string }

/** Everything that can be known before anything is sent. The first bad one ends it. */
export async function offlineChecks(
  options: Options,
  registered: Published,
  profile: Profile | undefined,
): Promise<readonly Check[]> {
  const made = await optionsCheck(options)
  if (made.status === 'bad') return [made]
  const signed = await signedCheck(options, profile)
  if ('status' in signed) return [made, signed]
  const { header } = signed
  const kid = typeof header.kid === 'string' ? header.kid : undefined
  const [published] = (
    await publicJwks([
      {
        key: String(options.key),
        ...(options.passphrase !== undefined && { passphrase: options.passphrase }),
        ...(kid !== undefined && isSet(options) && { kid }),
      },
    ])
  ).keys
  const thumbprint = await keyThumbprint(published)
  return [
    made,
    keyCheck(signed, { kind: kindOf(published), thumbprint }),
    assertionCheck(signed),
    // The rules of a profile judge the audience in the assertion.
    ...(profile === undefined ? [audienceCheck(signed, options)] : []),
    await publicKeyCheck(registered, { thumbprint, kid }),
  ]
}

/** Client id, endpoint, scope, key shape, size and algorithm: whatever the library refuses. */
async function optionsCheck(options: Options): Promise<Check> {
  const { ok, bad } = check('options', 'Options')
  try {
    createTokenProvider(options)
    return ok('Client id, token endpoint, scope and key are well formed.')
  } catch (thrown) {
    return bad(await told(thrown))
  }
}

async function signedCheck(
  options: Options,
  profile: Profile | undefined,
): Promise<Inspection | Check> {
  try {
    const jwt = await signedAssertion(options)
    const found = { jwt, source: 'a bare JWT' } as const
    return await inspectJwt(found, { now: Date.now(), profile, keys: undefined })
  } catch (thrown) {
    return check('key', 'Private key').bad(await told(thrown))
  }
}

function keyCheck(
  { header }: Inspection,
  { kind, thumbprint }: { kind: string; thumbprint: string },
): Check {
  const kid = header.kid === undefined ? 'no kid' : `kid ${String(header.kid)}`
  return check('key', 'Private key').ok(
    `${kind}, signs ${String(header.alg)} with ${kid}; thumbprint ${thumbprint}.`,
  )
}

/** Such as `EC P-256` or `RSA of 2048 bits`. */
function kindOf(jwk: Jwk | undefined): string {
  if (jwk?.kty !== 'RSA') return `${jwk?.kty} ${jwk?.crv}`
  return `RSA of ${Buffer.from(String(jwk.n), 'base64url').length * 8} bits`
}

function assertionCheck({ findings, claims }: Inspection): Check {
  const { ok, bad } = check('assertion', 'Assertion')
  const wrong = findings.find(({ level }) => level === 'error')
  if (wrong !== undefined) return bad(wrong.message)
  return ok(`It lives ${Number(claims.exp) - Number(claims.iat)} s and keeps to the rules.`)
}

function audienceCheck({ claims }: Inspection, { tokenEndpoint }: Options): Check {
  const { ok, warning } = check('audience', 'Audience')
  if (claims.aud === tokenEndpoint) return ok('It is the token endpoint.')
  return warning(
    `The aud ${String(claims.aud)} is not the token endpoint ${tokenEndpoint}: few servers want that.`,
  )
}

async function publicKeyCheck({ publicKey, jwks }: Published, key: SigningKey): Promise<Check> {
  if (publicKey !== undefined) return judgedPublicKey(publicKey, key)
  if (jwks === undefined) return unpublished()
  const set = await readSet(jwks)
  return 'status' in set ? set : judgedJwkSet(set, key)
}

/** A set has several keys; which one signs is told by the kid. */
function isSet({ key }: Options): boolean {
  return typeof key === 'string' && key.trimStart().startsWith('{') && key.includes('"keys"')
}

async function told(thrown: unknown): Promise<string> {
  if (!isCountersignError(thrown)) throw thrown
  const { code, message } = await reportedFailure(thrown)
  return `${code}: ${message}`
}

/** Each value without which there is nothing to look at: all of them at once. */
export function missingValues(settings: Settings): readonly Check[] {
  const values = [options.clientId, options.tokenEndpoint]
    .filter((option) => settings.text(option) === undefined)
    .map((option) => check('options', 'Options').bad(missing(option)))
  if (hasPrivateKey(settings)) return values
  return [...values, check('key', 'Private key').bad(noPrivateKey)]
}
