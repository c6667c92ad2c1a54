import type { TokenSource } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { authorizationHooks } from '@countersign/ky-hook'
import ky, { type Hooks, type KyInstance } from 'ky'

declare const tokens: TokenSource

const origins = ['https://api.example.com']
const hooks = authorizationHooks(tokens, { origins })

// As hooks, beside hooks of one's own, on an instance that is there already.
export const api: KyInstance = ky.create({ prefix: 'https://api.example.com', hooks })
export const extended: KyInstance = ky.extend({ hooks })
export const all: Hooks = {
  ...hooks,
  beforeRequest: [...hooks.beforeRequest, ({ request }) => void request.url],
}
export const more = ky.create({ hooks: { ...hooks, init: [...hooks.init, (_options) => {}] } })
await api('x', { context: { countersign: { scope: 'a' } } }).json<{ id: string }>()
// The way for ky 1, which takes both.
export const viaFetch = ky.create({ fetch: authorizedFetch(tokens, { origins }) })

// @ts-expect-error 2554: nothing names an origin
authorizationHooks(tokens)
// @ts-expect-error 2345: ky has no base that names an origin
authorizationHooks(tokens, {})
// @ts-expect-error 2353: ky is what sends
authorizationHooks(tokens, { origins, fetch: globalThis.fetch })
// @ts-expect-error 2559: they are the hooks, not the options
ky.create(hooks)
// @ts-expect-error 2322: they are hooks already, not a function
ky.create({ hooks: { beforeRequest: [hooks] } })
// @ts-expect-error 2339: no hook of a response is needed
void hooks.afterResponse
