/** A token and requests, where the globals of Node are gone before the library is loaded. */
import { env } from 'node:process'

// What is left is what Node's own fetch uses.
const gone = ['process', 'global']
for (const name of gone) Reflect.deleteProperty(globalThis, name)
const { createTokenProvider } = await import('@countersign/core')
const { authorizedFetch } = await import('@countersign/core/fetch')
const { authorizationHooks } = await import('@countersign/ky-hook')
const { default: ky } = await import('ky')

const { API_ORIGIN = '', TOKEN_ENDPOINT, PRIVATE_KEY } = env
const origins = [API_ORIGIN]
const tokens = createTokenProvider({
  ...{ clientId: 'institution-1', tokenEndpoint: TOKEN_ENDPOINT, key: PRIVATE_KEY },
})
const hooks = authorizationHooks(tokens, { origins })
const statuses = [
  await authorizedFetch(tokens, { origins })(`${API_ORIGIN}/fetch`, { method: 'POST', body: 'a' }),
  await ky.create({ hooks, retry: 0 })(`${API_ORIGIN}/ky`, { method: 'POST', json: { b: 1 } }),
].map(({ status }) => status)
console.log(JSON.stringify({ statuses, left: gone.filter((name) => name in globalThis) }))
