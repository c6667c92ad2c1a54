import { createTokenProvider, type Jwk } from '@countersign/core'
import { keyThumbprint, publicJwks } from '@countersign/core/keys'
import { type ClientOptions, signAssertion } from '../client.js'
import { type Inspection, inspectJwt } from '../inspect/inspection.js'
import { options } from '../options.js'
import { hasPrivateKey, noPrivateKey } from '../private-key.js'
import { describeMissing, type Settings } from '../settings.js'
import { checkPublicKey, type Published } from './published-key.js'
import { type Check, createCheck } from './report.js'

const configured = createCheck('options', 'Options')
const privateKey = createCheck('key', 'Private key')

/** Lists everything that is missing at once. */
export function checkPresence(settings: Settings): readonly Check[] {
  const missing = [options.clientId, options.tokenEndpoint]
    .filter((option) => settings.readText(option) === undefined)
    .map((option) => configured.bad(describeMissing(option)))
  return hasPrivateKey(settings) ? missing : [...missing, privateKey.bad(noPrivateKey)]
}

/** Checks what can be known before anything is sent. Ends at a key or option that cannot work. */
export async function checkOffline(
  client: ClientOptions,
  { settings, published }: { settings: Settings; published: Published },
): Promise<readonly Check[]> {
  const { profile } = settings
  try {
    createTokenProvider(client)
  } catch (thrown) {
    return [await configured.fail(thrown)]
  }
  const valid = configured.ok('Client ID, token endpoint, scope and key are well-formed.')
  let signed: Inspection
  try {
    const jwt = await signAssertion(client)
    const now = Date.now()
    signed = await inspectJwt({ jwt, source: 'a bare JWT' }, { now, profile, keys: undefined })
  } catch (thrown) {
    return [valid, await privateKey.fail(thrown)]
  }
  const kid = typeof signed.header.kid === 'string' ? signed.header.kid : undefined
  const { key, passphrase } = client
  const given = { key: String(key), ...(passphrase !== undefined && { passphrase }) }
  // Only the kid identifies the key of a JWK Set that signs.
  const isSet = /^\s*\{[\s\S]*"keys"/.test(String(key))
  const { keys } = await publicJwks([isSet && kid !== undefined ? { ...given, kid } : given])
  const thumbprint = await keyThumbprint(keys[0])
  return [
    valid,
    ...checkProfile(settings),
    privateKey.ok(
      `${describeKey(keys[0])}, signs ${signed.header.alg} with ${kid === undefined ? 'no kid' : `kid ${kid}`}. Thumbprint: ${thumbprint}.`,
    ),
    checkAssertion(signed),
    // The rules of a profile include the audience.
    ...(profile === undefined ? [checkAudience(signed, client)] : []),
    await checkPublicKey(published, { thumbprint, kid }),
  ]
}

/** Checks that the token endpoint is that of the profile. */
function checkProfile({ profile, requireText, readFlag }: Settings): readonly Check[] {
  if (profile === undefined) return []
  const { ok, warning } = createCheck('profile', 'Profile')
  const used = requireText(options.tokenEndpoint)
  if (used === profile.tokenEndpoint)
    return [ok(`The token endpoint is the one of ${profile.title}.`)]
  const source =
    readFlag(options.tokenEndpoint) === undefined
      ? 'TOKEN_ENDPOINT of the environment or the --dotenv file'
      : '--token-endpoint'
  // Neither the user name, the password nor the query.
  const { origin, pathname } = new URL(used)
  return [
    warning(
      `${source} overrides the token endpoint of ${profile.title} with ${origin}${pathname}. Remove it to use ${profile.tokenEndpoint}.`,
    ),
  ]
}

/** Describes a key, such as `EC P-256` or `RSA, 2048 bits`. */
function describeKey(jwk: Jwk | undefined): string {
  if (jwk?.kty !== 'RSA') return `${jwk?.kty} ${jwk?.crv}`
  return `RSA, ${Buffer.from(String(jwk.n), 'base64url').length * 8} bits`
}

function checkAssertion({ findings, claims }: Inspection): Check {
  const { ok, bad } = createCheck('assertion', 'Assertion')
  const wrong = findings.find(({ level }) => level === 'error')
  if (wrong !== undefined) return bad(wrong.message)
  return ok(`Valid, ${Number(claims.exp) - Number(claims.iat)} s lifetime.`)
}

function checkAudience({ claims }: Inspection, { tokenEndpoint }: ClientOptions): Check {
  const { ok, warning } = createCheck('audience', 'Audience')
  if (claims.aud === tokenEndpoint) return ok('It is the token endpoint.')
  return warning(
    `The aud ${claims.aud} is not the token endpoint ${tokenEndpoint}. Most servers require the token endpoint.`,
  )
}
