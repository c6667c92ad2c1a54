import type { RequestAuthorization, TokenSource } from '@countersign/core'
import { type AuthorizedFetch, authorizedFetch } from '@countersign/core/fetch'

declare const tokens: TokenSource

const origins = ['https://api.example.com'] as const
const api: AuthorizedFetch = authorizedFetch(tokens, { origins })

// What other libraries ask for, and what they hand over.
export const send: typeof fetch = api
authorizedFetch(tokens, { origins, fetch: globalThis.fetch })
authorizedFetch(tokens, { origins, onForeignOrigin: 'throw', onEvent: ({ type }) => void type })

const response: Response = await api('https://api.example.com/x')
export const status: number = response.status
await api(new URL('https://api.example.com/x'), { method: 'POST', body: 'text' })
await api(new Request('https://api.example.com/x'), { countersign: false })
await api('https://api.example.com/x', { countersign: { scope: 'a', resource: ['https://r/'] } })
const asked: RequestAuthorization = { scope: ['a'] }
await api('https://api.example.com/x', { countersign: asked })

// @ts-expect-error 2554: nothing names an origin
authorizedFetch(tokens)
// @ts-expect-error 2345: origins are missing
authorizedFetch(tokens, { onForeignOrigin: 'pass' })
// @ts-expect-error 2322: a list
authorizedFetch(tokens, { origins: 'https://api.example.com' })
// @ts-expect-error 2820: pass or throw
authorizedFetch(tokens, { origins, onForeignOrigin: 'throws' })
// @ts-expect-error 2561: misspelt
authorizedFetch(tokens, { origins, onForeignOrigins: 'throw' })
// @ts-expect-error 2353: options are not a token source
authorizedFetch({ clientId: 'client' }, { origins })
// @ts-expect-error 2322: it resolves to a Response
authorizedFetch(tokens, { origins, fetch: async () => 'text' })
// @ts-expect-error 2322: true has no meaning
await api('https://api.example.com/x', { countersign: true })
// @ts-expect-error 2561: misspelt
await api('https://api.example.com/x', { countersign: { scopes: 'a' } })
// @ts-expect-error 2353: a signal ends a wait of `getAccessToken`; here it is the request's
await api('https://api.example.com/x', { countersign: { signal: null } })
