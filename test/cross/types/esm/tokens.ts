import type {
  AccessToken,
  AccessTokenOptions,
  StoredToken,
  TokenProvider,
  TokenSource,
} from '@countersign/core'

declare const tokens: TokenProvider
declare const signal: AbortSignal

const accessToken = await tokens.getAccessToken()
const { value, authorization, expiresAt }: AccessToken = accessToken
export const header: Record<string, string> = { authorization }
export const left: number = expiresAt - Date.now()
export const bearer: 'Bearer' = accessToken.tokenType
export const grpc: string = `${value} ${accessToken.tokenType}`
const atHand: AccessToken | undefined = tokens.currentAccessToken({ scope: 'a' })
tokens.invalidate(accessToken)
await tokens.getAccessToken({ scope: ['a'], resource: 'https://r/', signal, forceRenewal: true })
const controller: { signal?: AbortSignal | undefined } = {}
await tokens.getAccessToken({ signal: controller.signal })

// @ts-expect-error 2540: a token is as it was issued
accessToken.value = 'x'
// @ts-expect-error 2540: and lives as long
accessToken.expiresAt = 0
// @ts-expect-error 2345: a string is no access token
tokens.invalidate(value)
// @ts-expect-error 2345: perhaps there is none
tokens.invalidate(atHand)
// @ts-expect-error 18048: perhaps there is none
atHand.value.trim()
// @ts-expect-error 2339: a promise has no value
tokens.getAccessToken().value.trim()
// @ts-expect-error 2561: misspelt
tokens.getAccessToken({ scopes: 'a' })
// @ts-expect-error 2353: nobody waits, so nothing can be aborted
tokens.currentAccessToken({ signal })
// @ts-expect-error 2540: as configured
tokens.tokenEndpoint = 'https://login.example.com/token'
// @ts-expect-error 2322: undefined is no header
export const scope: string = accessToken.scope

// A fake needs two methods.
export const fake: TokenSource = {
  getAccessToken: async (_options?: AccessTokenOptions) => accessToken,
  invalidate: () => {},
}
export const whole: TokenSource = tokens
export const named: TokenSource = { ...fake, tokenEndpoint: 'https://login.example.com/token' }
// @ts-expect-error 2322: invalidate is missing
export const half: TokenSource = { getAccessToken: async () => accessToken }
// @ts-expect-error 2322: it resolves to an access token, not to a string
export const plain: TokenSource = { ...fake, getAccessToken: async () => 'token' }

const stored: StoredToken = { value: 'a', tokenType: 'Bearer', issuedAt: 0, expiresAt: 1 }
// @ts-expect-error 2322: a store with such a token would not be believed
export const dpop: StoredToken = { ...stored, tokenType: 'DPoP' }
// @ts-expect-error 2322: no such token type
export const mac: StoredToken = { ...stored, tokenType: 'mac' }
// @ts-expect-error 2741: an access token has its header too
export const bare: AccessToken = { ...stored, scope: undefined }
