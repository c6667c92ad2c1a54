import { createTokenProvider, type TokenProviderOptions } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'

declare const least: TokenProviderOptions
declare const unset: string | undefined

const tokens = createTokenProvider({ ...least, key: unset, passphrase: unset })
await tokens.getAccessToken({ signal: undefined })
createTokenProvider({ ...least, ...(unset !== undefined && { scope: unset }) })
createTokenProvider({ ...least, scope: unset })
await tokens.getAccessToken({ scope: unset })
authorizedFetch(tokens, { origins: [], onEvent: undefined })
createTokenProvider({
  ...least,
  ...{ resource: unset, partition: unset, timeout: undefined, store: undefined, fetch: undefined },
  kid: unset,
  alg: undefined,
  assertion: { audience: unset, typ: unset, claims: undefined },
  renewal: { early: undefined, waitUntil: undefined },
})
authorizedFetch(tokens, { origins: [], onForeignOrigin: undefined, fetch: undefined })
