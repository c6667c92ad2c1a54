import { createTokenProvider, type TokenProviderOptions } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'

declare const least: TokenProviderOptions
declare const unset: string | undefined

const tokens = createTokenProvider({ ...least, key: unset, passphrase: unset })
await tokens.getAccessToken({ signal: undefined })
createTokenProvider({ ...least, ...(unset !== undefined && { scope: unset }) })
// @ts-expect-error 2379: to be left out instead
createTokenProvider({ ...least, scope: unset })
// @ts-expect-error 2379: to be left out instead
await tokens.getAccessToken({ scope: unset })
// @ts-expect-error 2379: to be left out instead
authorizedFetch(tokens, { origins: [], onEvent: undefined })
