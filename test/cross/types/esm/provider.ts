import {
  type AssertionSigner,
  type Clock,
  createTokenProvider,
  type Jwk,
  memoryStore,
  type StoredToken,
  type TokenFetch,
  type TokenProvider,
  type TokenProviderOptions,
  type TokenStore,
} from '@countersign/core'

declare const signer: AssertionSigner
declare const clock: Clock
declare const jwk: Jwk
declare const bytes: Uint8Array
declare const store: TokenStore
declare const unset: string | undefined

const clientId = 'client'
const tokenEndpoint = 'https://login.example.com/token'
const pem = '-----BEGIN PRIVATE KEY-----'
const least = { clientId, tokenEndpoint, key: pem }

export const tokens: TokenProvider = createTokenProvider(least)

// All that may be said.
createTokenProvider({
  ...least,
  scope: ['a', 'b'],
  resource: 'https://api.example.com/',
  parameters: { organization: 'o' },
  ...{ alg: 'PS256', kid: 'k' },
  assertion: {
    ...{ audience: 'https://login.example.com', lifetimeSeconds: 60 },
    ...{ typ: 'client-authentication+jwt', claims: { tenant: 't' }, header: { x5t: 'x' } },
  },
  renewal: { early: 0, waitUntil: (renewal: Promise<unknown>) => void renewal },
  ...{ timeout: 5_000, retries: 0, store: memoryStore({ max: 10 }), clock },
  fetch: async (url, init) => new Response(`${url} ${init.method}`),
  onEvent: ({ type, clientId }) => void [type, clientId],
  allowInsecureHttp: true,
})

// Of the environment, which may not have it: said at construction.
createTokenProvider({ clientId: unset, tokenEndpoint: unset, key: unset, passphrase: unset })

// Every kind of key, and one that is asked for.
createTokenProvider({ ...least, key: jwk })
createTokenProvider({ ...least, key: { keys: [jwk] } })
createTokenProvider({ ...least, key: bytes })
createTokenProvider({ ...least, key: { key: bytes, kid: 'k' } })
createTokenProvider({ ...least, key: { key: pem, kid: 'k', alg: 'RS256', passphrase: 'p' } })
createTokenProvider({ ...least, key: () => pem })
createTokenProvider({ ...least, key: async () => ({ key: jwk, kid: 'k' }) })
createTokenProvider({ clientId, tokenEndpoint, signer })

// Options kept in a variable; lists that nobody may change.
const scope: readonly string[] = ['a']
const options: TokenProviderOptions = { ...least, scope, store }
createTokenProvider(options)

// @ts-expect-error 2345: clientId is missing
createTokenProvider({ tokenEndpoint, key: pem })
// @ts-expect-error 2345: tokenEndpoint is missing
createTokenProvider({ clientId, key: pem })
// @ts-expect-error 2554: no options at all
createTokenProvider()
// @ts-expect-error 2561: misspelt
createTokenProvider({ ...least, scopes: 'a' })
// @ts-expect-error 2353: a shared secret is what this library does without
createTokenProvider({ ...least, clientSecret: 's' })
// @ts-expect-error 2322: null is not undefined
createTokenProvider({ ...least, clientId: null })
// @ts-expect-error 2322: a number is no scope
createTokenProvider({ ...least, scope: 1 })
// @ts-expect-error 2820: none of the algorithms
createTokenProvider({ ...least, alg: 'HS256' })
// @ts-expect-error 2820: the name of an algorithm is upper case
createTokenProvider({ ...least, alg: 'es256' })
// @ts-expect-error 2353: the algorithm belongs to the key
createTokenProvider({ ...least, assertion: { alg: 'PS256' } })
// @ts-expect-error 2353: so does the key ID
createTokenProvider({ ...least, assertion: { kid: 'k' } })
// @ts-expect-error 2353: seconds are in the name
createTokenProvider({ ...least, assertion: { lifetime: 60 } })
// @ts-expect-error 2322: one exact string
createTokenProvider({ ...least, assertion: { audience: ['a', 'b'] } })
// @ts-expect-error 2322: form fields are strings
createTokenProvider({ ...least, parameters: { count: 1 } })
// @ts-expect-error 2322: a duration is a number of milliseconds
createTokenProvider({ ...least, timeout: '10s' })
// @ts-expect-error 2353: no such member of renewal
createTokenProvider({ ...least, renewal: { window: 1 } })
// @ts-expect-error 2739: a store has four methods, of which one may be left out
createTokenProvider({ ...least, store: { get: async () => undefined } })
// @ts-expect-error 2322: a Map is no store
createTokenProvider({ ...least, store: new Map<string, StoredToken>() })
// @ts-expect-error 2353: no such option
memoryStore({ size: 10 })
// @ts-expect-error 2322: it resolves to a Response
export const text: TokenFetch = async (url) => url
// @ts-expect-error 2339: no name that is not in the event
createTokenProvider({ ...least, onEvent: ({ token }) => token })
