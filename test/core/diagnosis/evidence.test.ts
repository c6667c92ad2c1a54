import { describe, expect, test } from 'vitest'
import { diagnose } from '#core/diagnosis/diagnosis.js'
import type { Evidence } from '#core/diagnosis/evidence.js'

const tokenEndpoint = 'https://as.example/realms/r/token'
const sent: Evidence['sent'] = {
  ...{ clientId: 'client-1', audience: tokenEndpoint, lifetimeSeconds: 60 },
  ...{ alg: 'ES256', kid: 'k1', thumbprint: 'tp1' },
}
const plain: Evidence = {
  ...{ status: 401, isHtml: false, error: 'invalid_client', description: undefined },
  ...{ sent, tokenEndpoint, clockOffset: undefined, isCorrected: false, accepted: undefined },
}

const key = 'The public key is not registered for this client ID (thumbprint tp1).'
const kid = "The kid k1 is not known for this client: register it, or correct the option 'kid'."
const noKid = "The server requires a kid: set the option 'kid'."
const alg = "The alg ES256 is not the registered one: set the option 'alg'."
const aud = 'The server expects another aud, such as its issuer: set assertion.audience.'
const lifetime = "The lifetime of 60 s exceeds the server's limit: lower assertion.lifetimeSeconds."
const over = 'The assertion was not valid when it arrived (lifetime 60 s): check both clocks.'
const twice =
  'The assertion arrived twice (its jti was used): a retrying fetch or proxy resends it.'
const client =
  'The client ID client-1 is not known there: check it, and the environment of the token endpoint.'
const scope = 'A scope is misspelt or not granted to this client.'
const grant = 'The client or the server does not allow the client_credentials grant.'
const dpop =
  'The client is configured for DPoP, which is not supported yet: switch it to Bearer tokens.'
const method =
  'The client is registered for another method: set its token_endpoint_auth_method to private_key_jwt.'
const torn = 'The client_assertion did not arrive intact: a proxy may rewrite the form body.'
const resource = 'The server does not know the resource.'
const parameter =
  'A parameter that the server requires is missing, or it rejects one that was sent.'
const badAssertion =
  'The server gave no reason: check aud, kid, lifetime, scope, and that it accepts this address.'

function hints(more: Partial<Evidence>): readonly string[] {
  return diagnose({ ...plain, ...more }).hints
}

/** With another assertion than the usual one. */
function hintsOf(assertion: Partial<Evidence['sent']>, more: Partial<Evidence> = {}) {
  return hints({ sent: { ...sent, ...assertion }, ...more })
}

describe("the server's own words", () => {
  test.each([
    ['the signature is wrong', [key]],
    ['The client_assertion signature is invalid.', [key]],
    ['Unable to load public key', [key]],
    ['The certificate used to sign the client assertion is not registered on application', [key]],
    ['kid and alg belong to no given key', [kid, alg]],
    ['unknown kid', [kid]],
    ['The key ID is invalid', [kid]],
    ['alg PS256 is not allowed; ES256 are', [alg]],
    ['unsupported algorithm', [alg]],
    ["Token audience doesn't match domain", [aud]],
    ['aud is x, and must be y', [aud]],
    ['the lifetime is too long', [lifetime]],
    ['exp is more than 30 s ahead', [lifetime, over]],
    ['the assertion has expired', [over]],
    ['Token is not active', [over]],
    ['iat is in the future', [over]],
    ['jti was used before', [twice]],
    ['client assertion tokens must only be used once', [twice]],
    ['Token reuse detected: jti has already been used', [twice]],
    ['the client is not registered', [client]],
    ["Application with identifier 'x' was not found in the directory", [client]],
    ['unknown client', [client]],
    ['requested scope is not allowed', [scope]],
    ['requested grant type is not allowed for this client', [grant]],
    ['The DPoP proof JWT header is missing.', [dpop]],
    ['no client authentication mechanism provided', [torn]],
    ['the provided authentication mechanism does not match the registered one', [method]],
    ["The client supports the authentication method 'client_secret_basic' only", [method]],
    ['token_endpoint_auth_method must be client_secret_post', [method]],
    [
      "The client supports client authentication method 'client_secret_basic', but method 'private_key_jwt' was requested",
      [method],
    ],
    ['Unsupported authentication method', [method]],
    [
      "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
      [torn],
    ],
    ['Invalid client secret provided.', [method]],
    ['resource indicator is missing, or unknown', [resource]],
  ])('decide alone: "%s"', { tags: ['O1', 'O2', 'O3'] }, (description, named) => {
    expect(hints({ description })).toEqual(named)
    expect(hints({ description: description.toUpperCase() })).toEqual(named)
    expect(hints({ description, status: 500, error: 'server_error' }).slice(1)).toEqual(named)
  })

  test.each([
    'client authentication failed',
    'Invalid client or Invalid client credentials',
    'nonsense',
    'JWT is not valid',
    'the client credentials have expired',
    'The signing key is expired.',
    'Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method).',
    'Client authentication failed (e.g., unknown client, or its scope',
    'Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.',
    'private_key_jwt client authentication failed',
    'Client authentication method is missing',
    'More than one authentication method was used',
    'Invalid client_id or client_secret',
    'Client secret not provided in request',
  ])('%s names nothing, and what is usual is told', { tags: ['O2'] }, (description) => {
    expect(hints({ description })).toEqual([key, kid, aud])
  })

  test.each([
    ['Invalid signature algorithm', [alg]],
    ['The certificate of the client has expired', [key]],
    ["Invalid 'kid' header in client_assertion JWT - no matching public key", [kid]],
    ['Token was issued too far in the past to be used now', [over]],
    ['The key id k1: the assertion has expired', [kid, over]],
    ['The audience claim for client_assertion must be the endpoint invoked', [aud]],
    ['The client_assertion must be provided', [torn]],
    [
      "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
      [torn, grant],
    ],
    ['The private_key_jwt signature is invalid', [key]],
    ['No audience parameter was provided, and no default audience is configured', [parameter]],
    ["Requested audience 'x' has not been whitelisted by the client", [parameter]],
  ])('%s is not what one of its words would mean alone', { tags: ['O2'] }, (description, told) => {
    expect(hints({ description })).toEqual(told)
  })

  test.each([
    ['invalid_scope', "The provided value for the input parameter 'scope' is not valid", [scope]],
    ['invalid_scope', 'unsupported authentication method for this scope', [scope]],
    ['invalid_scope', 'the scope is for another audience, and its grant is expired', [scope]],
    ['scope_invalid', 'the scope has no key id and no signature', [scope]],
    ['invalid_target', 'the resource is not an audience of this client', [resource]],
    ['invalid_dpop_proof', 'The signature of the DPoP proof is wrong, its iat as well', [dpop]],
  ])(
    '%s is not about the assertion, though %s',
    { tags: ['O3', 'O8', 'O16'] },
    (error, description, told) => {
      expect(hints({ status: 400, error, description })).toEqual(told)
    },
  )

  test.each([429, 502, 503, 504, 408])(
    'what is said beside a %i is not about the request',
    { tags: ['O9', 'O10'] },
    (status) => {
      expect(hints({ status, description: 'scope of the outage: signature' })).toHaveLength(1)
    },
  )
})

describe('an error code', () => {
  test.each([
    ['invalid_client', [key, kid, aud]],
    ['invalid_scope', [scope]],
    ['scope_invalid', [scope]],
    ['invalid_target', [resource]],
    ['unauthorized_client', [grant, key, kid]],
    ['unsupported_grant_type', [grant]],
    ['invalid_request', [parameter]],
    ['invalid_grant', [over, key, kid]],
    ['use_dpop_nonce', [dpop]],
    ['invalid_dpop_proof', [dpop]],
    ['another', []],
  ])(
    'such as %s has its usual causes',
    { tags: ['O1', 'O2', 'O3', 'O5', 'O8', 'O16'] },
    (error, usual) => {
      expect(hints({ status: 400, error })).toEqual(usual)
    },
  )
})

describe('an answer without an OAuth error', () => {
  const bare = { error: undefined }
  const page = 'A login page, a proxy or a firewall answered in place of the token endpoint.'
  const trouble = 'The authorization server is failing: later calls will retry.'
  const wrong =
    "The path /realms/r/token is not a token endpoint: check the option 'tokenEndpoint'."

  test('an empty 403 is a bad assertion, or a kid that is missing', { tags: ['O4'] }, () => {
    expect(hintsOf({ kid: undefined }, { ...bare, status: 403 })).toEqual([badAssertion, noKid])
    expect(hints({ ...bare, status: 403 })).toEqual([badAssertion])
    expect(hints({ ...bare, status: 400 })).toEqual([badAssertion])
    expect(hints({ ...bare, status: 418 })).toEqual([badAssertion])
  })

  test('a page is something between', { tags: ['O7'] }, () => {
    expect(hints({ ...bare, status: 400, isHtml: true })).toEqual([page, badAssertion])
    expect(hints({ status: 400, isHtml: true })).toEqual([key, kid, aud])
  })

  test('a page with a 500 may be about the kid', { tags: ['O6'] }, () => {
    const html = { ...bare, status: 500, isHtml: true }
    const unknownKid = 'Some servers answer like this to a kid that they do not know.'
    expect(hints(html)).toEqual([trouble, unknownKid])
    expect(hints({ ...bare, status: 500 })).toEqual([trouble])
  })

  test.each([404, 405, 410, 415, 501])(
    'a %i is a wrong path, and nothing else',
    { tags: ['O13'] },
    (status) => {
      expect(hints({ ...bare, status })).toEqual([wrong])
      expect(hints({ ...bare, status, isHtml: true })).toEqual([wrong])
    },
  )

  test('shows a path without its query, shortened', { tags: ['O13'] }, () => {
    const path = `/${'p'.repeat(100)}`
    const endpoint = `https://as.example${path}?secret`
    expect(hints({ ...bare, status: 404, tokenEndpoint: endpoint })).toEqual([
      `The path ${path.slice(0, 77)}... is not a token endpoint: check the option 'tokenEndpoint'.`,
    ])
  })

  test('a 429 is too many requests', { tags: ['O10'] }, () => {
    expect(hints({ ...bare, status: 429 })).toEqual([
      'Too many token requests: share one provider per client ID.',
    ])
  })
})

describe('what is known on this side comes before what is usual', () => {
  test.each([
    [`${tokenEndpoint}/`, `The aud ${tokenEndpoint}/ differs from the token endpoint by the slash`],
    ['https://x.example/t', 'The aud https://x.example/t is on another host than the token end'],
    ['https://as.example', 'The aud https://as.example looks like the issuer, not the token end'],
    ['urn:as', 'The aud urn:as is not the token endpoint: check assertion.audience.'],
  ])('the audience %s', { tags: ['A3', 'A4'] }, (audience, said) => {
    expect(hintsOf({ audience })[0]).toContain(said)
    expect(hintsOf({ audience })).toHaveLength(3)
    expect(hintsOf({ audience }, { error: 'invalid_scope' })).toEqual([scope])
  })

  test('a lifetime above 60 s', { tags: ['A8'] }, () => {
    const said = (seconds: number) =>
      `The lifetime of ${seconds} s exceeds the server's limit: lower assertion.lifetimeSeconds.`
    expect(hintsOf({ lifetimeSeconds: 61 })[0]).toBe(said(61))
    expect(hintsOf({ lifetimeSeconds: 60 })).toEqual([key, kid, aud])
    expect(hintsOf({ lifetimeSeconds: 300 }, { error: 'invalid_scope' })).toEqual([scope])
  })

  test('another key than the one accepted last, and then the others that are new', () => {
    const told = 'The key (kid k1) is new: the server has not read the new JWK Set yet.'
    expect(hints({ accepted: { kid: 'k0', thumbprint: 'tp1' } })[0]).toBe(told)
    expect(hints({ accepted: { kid: 'k1', thumbprint: 'tp0' } })[0]).toBe(told)
    expect(hints({ accepted: { kid: 'k1', thumbprint: 'tp1' } })).toEqual([key, kid, aud])
    const accepted = { kid: 'k0', thumbprint: 'tp0' }
    expect(hints({ accepted, error: 'invalid_scope' })).toEqual([scope])
  })

  test('audience and lifetime that were accepted before are not suspected', () => {
    const accepted = { kid: 'k1', thumbprint: 'tp1' }
    const more = { audience: 'urn:as', lifetimeSeconds: 300 }
    expect(hintsOf(more, { accepted })).toEqual([key, kid, expect.stringContaining('urn:as')])
  })

  test('a clock that is off by 5 s or more, either way', { tags: ['A10'] }, () => {
    const said = (seconds: number, side: string) =>
      `The clock here is ${seconds} s ${side} the server's Date: set it right.`
    expect(hints({ clockOffset: 5_000 })[0]).toBe(said(5, 'behind'))
    expect(hints({ clockOffset: -600_400 })[0]).toBe(said(600, 'ahead of'))
    expect(hints({ clockOffset: 4_999 })).toEqual([key, kid, aud])
    expect(hints({ clockOffset: -4_999 })).toEqual([key, kid, aud])
    expect(hints({ clockOffset: 600_000, error: 'invalid_scope' })).toEqual([scope])
    expect(hints({ clockOffset: 600_000, error: undefined, status: 403 })[0]).toBe(
      said(600, 'behind'),
    )
  })

  test('words about time mean that clock; other words come before it', { tags: ['A10'] }, () => {
    const off = "The clock here is 600 s behind the server's Date: set it right."
    const clockOffset = 600_000
    expect(hints({ clockOffset, description: 'the assertion has expired' })).toEqual([off, over])
    expect(hints({ clockOffset, description: 'the signature is wrong' })).toEqual([key, off])
  })

  test('a correction that did not help comes first, unless the server names something else', {
    tags: ['A10'],
  }, () => {
    const tried = { clockOffset: -600_000, isCorrected: true }
    const said =
      "The clock here is 600 s ahead of the server's Date, and correcting that did not help."
    expect(hints({ ...tried, description: 'the signature is wrong' })).toEqual([key, said])
    expect(hints({ ...tried, description: 'the assertion has expired' })).toEqual([said, over])
    expect(hints(tried)).toEqual([said, key, kid])
    expect(hints({ ...tried, error: 'invalid_scope' })).toEqual([scope])
  })
})

test('a key that cannot tell has no thumbprint to compare', () => {
  const [first] = hintsOf({ thumbprint: undefined })
  expect(first).toBe('The public key is not registered for this client ID.')
})

test('returns at most three hints', () => {
  const all = { audience: 'urn:as', lifetimeSeconds: 300, kid: undefined }
  const accepted = undefined
  expect(hintsOf(all, { clockOffset: 9_000, accepted })).toEqual([
    expect.stringMatching(/^The clock/),
    expect.stringMatching(/^The aud/),
    expect.stringMatching(/^The lifetime/),
  ])
})
