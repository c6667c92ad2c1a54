import { createTokenProvider, type TokenProviderOptions } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'

declare const least: TokenProviderOptions
declare const unset: string | undefined

const tokens = createTokenProvider({ ...least, key: unset, passphrase: unset, scope: unset })
await tokens.getAccessToken({ signal: undefined, scope: unset })
authorizedFetch(tokens, { origins: [], onEvent: undefined })
// @ts-expect-error 2322: null is not undefined
createTokenProvider({ ...least, scope: null })
