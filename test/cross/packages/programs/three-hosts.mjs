// Calls through each host on one provider, again after the token was revoked. Prints what the
// servers have received. `require` as the argument loads the libraries as a CommonJS program does.
import { generateKeyPairSync } from 'node:crypto'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const load = process.argv[2] === 'require' ? require : (name) => import(name)
const { addAuthorization } = await load('@countersign/axios-interceptor')
const { createTokenProvider } = await load('@countersign/core')
const { authorizedFetch } = await load('@countersign/core/fetch')
const { authorizationHooks } = await load('@countersign/ky-hook')
const { createAuthorizationServer, createResourceServer } = await load('@countersign/testing')
const loadedAxios = await load('axios')
const axios = loadedAxios.default ?? loadedAxios
const { default: ky } = await load('ky')

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const key = privateKey.export({ type: 'pkcs8', format: 'pem' })
const server = await createAuthorizationServer()
server.register({ clientId: 'packed', jwks: { keys: [publicKey.export({ format: 'jwk' })] } })
const api = await createResourceServer(server)
const { origin } = api
const origins = [origin]
const { tokenEndpoint } = server
const tokens = createTokenProvider({ clientId: 'packed', tokenEndpoint, key })
const http = axios.create({ baseURL: origin })
addAuthorization(http, tokens)
const hooked = ky.create({ hooks: authorizationHooks(tokens, { origins }) })
const send = authorizedFetch(tokens, { origins })
const calls = [
  (path) => http.post(path, { name: 'a' }),
  (path) => hooked.post(origin + path, { json: { name: 'a' } }),
  (path) => send(origin + path, { method: 'POST', body: 'a' }),
]
for (const call of calls) await call('/first')
server.revokeAll()
await Promise.all(calls.map((call) => call('/second')))
await Promise.all([api.close(), server.close()])
const answers = api.requests.map(({ url, status }) => `${url} ${status}`)
const result = { answers, tokenRequests: server.requests.length, node: process.versions.node }
console.log(JSON.stringify(result))
