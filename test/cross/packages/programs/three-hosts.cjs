const { generateKeyPairSync } = require('node:crypto')

/**
 * A call through each host on one provider, then each again after the token was revoked. The
 * libraries are handed in, as an ES module or a CommonJS program has them. Resolves to what the
 * servers have seen.
 */
exports.threeHosts = async (libraries) => {
  const { createAuthorizationServer, createResourceServer, createTokenProvider } = libraries
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const server = await createAuthorizationServer()
  server.register({ clientId: 'packed', jwks: { keys: [publicKey.export({ format: 'jwk' })] } })
  const api = await createResourceServer(server)
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' })
  const { tokenEndpoint } = server
  const calls = callsOf(libraries, {
    origin: api.origin,
    tokens: createTokenProvider({ clientId: 'packed', tokenEndpoint, key }),
  })
  for (const call of calls) await call('/first')
  server.revokeAll()
  await Promise.all(calls.map((call) => call('/second')))
  await Promise.all([api.close(), server.close()])
  const answers = api.requests.map(({ url, status }) => `${url} ${status}`)
  return { answers, tokenRequests: server.requests.length, node: process.versions.node }
}

function callsOf({ axios, ky, addAuthorization, authorizationHooks, authorizedFetch }, world) {
  const { origin, tokens } = world
  const origins = [origin]
  const http = axios.create({ baseURL: origin })
  addAuthorization(http, tokens)
  const hooked = ky.create({ hooks: authorizationHooks(tokens, { origins }) })
  const send = authorizedFetch(tokens, { origins })
  return [
    (path) => http.post(path, { name: 'a' }),
    (path) => hooked.post(origin + path, { json: { name: 'a' } }),
    (path) => send(origin + path, { method: 'POST', body: 'a' }),
  ]
}
