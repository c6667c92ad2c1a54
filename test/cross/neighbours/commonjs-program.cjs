// A CommonJS program with its own copy of axios. It prints the result of each scene as JSON.
const { generateKeyPairSync } = require('node:crypto')
const { inspect } = require('node:util')
const axios = require('axios')
const { addAuthorization } = require('@countersign/axios-interceptor')
const { createTokenProvider } = require('@countersign/core')
const { createAuthorizationServer, createResourceServer } = require('@countersign/testing')

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

const scenes = {
  async copies() {
    const { default: other } = await import('axios')
    const file = require.resolve('axios').split('/node_modules/axios/').at(-1)
    return { file, isSameCopy: axios.AxiosError === other.AxiosError }
  },
  'the default adapter': (world) => revokeBetween(world, undefined),
  'adapter fetch': (world) => revokeBetween(world, 'fetch'),
  async 'failed token request'({ http, server, api }) {
    server.next({ status: 400, body: { error: 'unauthorized_client' } })
    const error = await rejection(http.get('/accounts'))
    return { ...describe(error), cause: error.cause.name, sent: api.requests.length }
  },
  async 'signal aborted'({ http, server, api }) {
    const controller = new AbortController()
    const release = server.hold()
    const failure = rejection(http.get('/accounts', { signal: controller.signal }))
    controller.abort()
    const error = await failure
    release()
    return { ...describe(error), sent: api.requests.length }
  },
  async 'timed out'({ http, server, api }) {
    const release = server.hold()
    const error = await rejection(http.get('/accounts', { timeout: 20 }))
    release()
    return { ...describe(error), sent: api.requests.length }
  },
}

/** Revokes the token between two POSTs. */
async function revokeBetween({ http, server, api }, adapter) {
  http.defaults.adapter = adapter ?? http.defaults.adapter
  const first = await http.post('/accounts', { name: 'é' })
  server.revokeAll()
  const second = await http.post('/accounts', { name: 'é' })
  const text = inspect([first.config, second.config], { depth: 12, showHidden: true })
  return {
    requests: api.requests.map(({ method, url, status }) => `${method} ${url} ${status}`),
    bodies: api.requests.map(({ body }) => Buffer.from(body).toString()),
    tokenRequests: server.requests.length,
    showsToken: api.requests.some(({ authorization }) => text.includes(authorization.slice(7))),
  }
}

function describe(error) {
  return {
    isAxiosError: error instanceof axios.AxiosError,
    isCanceledError: error instanceof axios.CanceledError,
    code: error.code,
    message: error.message,
    url: error.config?.url,
  }
}

function rejection(promise) {
  return promise.then(
    () => new Error('It did not reject.'),
    (error) => error,
  )
}

async function startWorld() {
  const server = await createAuthorizationServer()
  const api = await createResourceServer(server)
  server.register({ clientId: 'client', jwks: { keys: [publicKey.export({ format: 'jwk' })] } })
  const { tokenEndpoint } = server
  const tokens = createTokenProvider({ clientId: 'client', tokenEndpoint, key: privateKey })
  const http = axios.create({ baseURL: api.origin })
  addAuthorization(http, tokens)
  return { server, api, http }
}

async function main() {
  const results = {}
  for (const [name, play] of Object.entries(scenes)) {
    const world = await startWorld()
    results[name] = await play(world)
    await Promise.all([world.api.close(), world.server.close()])
  }
  process.stdout.write(JSON.stringify(results))
}

main()
