// A program in CommonJS, whose axios is another copy than that of our ES module. It prints what
// happened as JSON, scene by scene.
const { generateKeyPairSync } = require('node:crypto')
const { setImmediate } = require('node:timers/promises')
const { inspect } = require('node:util')
const axios = require('axios')
const { addAuthorization } = require('@countersign/axios-interceptor')
const { createTokenProvider } = require('@countersign/core')
const { createAuthorizationServer, createResourceServer } = require('@countersign/testing')

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const refused = { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }

const scenes = {
  async copies() {
    const { default: other } = await import('axios')
    return {
      file: require.resolve('axios').split('/node_modules/axios/').at(-1),
      isOurs: axios.AxiosError === other.AxiosError,
    }
  },
  'the default adapter': (all) => revokedBetween(all, undefined),
  'adapter http': (all) => revokedBetween(all, 'http'),
  'adapter fetch': (all) => revokedBetween(all, 'fetch'),
  'adapters fetch, http': (all) => revokedBetween(all, ['fetch', 'http']),
  'redirected by http': (all) => redirected(all, 'http'),
  'redirected by fetch': (all) => redirected(all, 'fetch'),
  async 'refused twice'({ http, api, showsToken }) {
    api.next(refused, { ...refused, body: 'the second' })
    const error = await rejection(http.get('/accounts'))
    return { ...seen(error), data: error.response.data, showsToken: showsToken(error) }
  },
  async 'failed token request'({ http, server, api }) {
    server.next({ status: 400, body: { error: 'unauthorized_client' } })
    const error = await rejection(http.get('/accounts'))
    const sent = api.requests.length
    return { ...seen(error), cause: error.cause.name, sent }
  },
  'signal aborted'(all) {
    const controller = new AbortController()
    return givenUp(all, { signal: controller.signal }, () => controller.abort())
  },
  'cancel token'(all) {
    const { token, cancel } = axios.CancelToken.source()
    return givenUp(all, { cancelToken: token }, () => cancel('enough'))
  },
  async 'timed out'({ http, server, api }) {
    const release = server.hold()
    const error = await rejection(http.get('/accounts', { timeout: 20 }))
    release()
    return { ...seen(error), sent: api.requests.length }
  },
}

/** A token revoked between two posts. */
async function revokedBetween({ http, server, api, showsToken }, adapter) {
  const transformed = []
  const note = (name) => (data) => {
    transformed.push(name)
    return data
  }
  http.defaults.adapter = adapter ?? http.defaults.adapter
  http.defaults.transformRequest = [note('request'), ...http.defaults.transformRequest]
  http.defaults.transformResponse = [...http.defaults.transformResponse, note('response')]
  const first = await http.post('/accounts', { name: 'é' })
  server.revokeAll()
  const second = await http.post('/accounts', { name: 'é' })
  return {
    ...heard(api),
    tokenRequests: server.requests.length,
    transformed: transformed.join(),
    data: second.data,
    url: second.config.url,
    showsToken: [first, second].some(showsToken),
  }
}

/** Who gives up while the token is awaited, and the token does not come meanwhile. */
async function givenUp({ http, server, api }, options, giveUp) {
  const release = server.hold()
  const failure = rejection(http.get('/accounts', options))
  await until(() => server.requests.length === 1)
  giveUp()
  const error = await failure
  release()
  return { ...seen(error), tokenRequests: server.requests.length, sent: api.requests.length }
}

/** A post that was carried out, and whose answer is refused after a redirect. */
async function redirected({ http, server, api }, adapter) {
  api.next({ status: 303, headers: { location: '/receipt' } }, refused)
  const error = await rejection(http.post('/accounts', {}, { adapter }))
  return { ...heard(api), status: error.status, tokenRequests: server.requests.length }
}

function heard({ requests }) {
  return {
    requests: requests.map(({ method, url, status }) => `${method} ${url} ${status}`),
    bodies: requests.map(({ body }) => Buffer.from(body).toString()),
    tokens: new Set(requests.map(({ authorization }) => authorization)).size,
  }
}

function seen(error) {
  return {
    isAxiosError: error instanceof axios.AxiosError,
    isCanceledError: error instanceof axios.CanceledError,
    isCancel: axios.isCancel(error),
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

async function until(condition) {
  while (!condition()) await setImmediate()
}

async function world() {
  const server = await createAuthorizationServer()
  const api = await createResourceServer(server)
  const keys = [publicKey.export({ format: 'jwk' })]
  server.register({ clientId: 'client', jwks: { keys } })
  const { tokenEndpoint } = server
  const tokens = createTokenProvider({ clientId: 'client', tokenEndpoint, key: privateKey })
  const http = axios.create({ baseURL: api.origin })
  addAuthorization(http, tokens)
  /** Of a response or an error: whether its config shows a token that the API has seen. */
  const showsToken = ({ config, response }) => {
    const text = inspect([config, response?.config], { depth: 12, showHidden: true, getters: true })
    return api.requests.some(({ authorization }) => text.includes(authorization.slice(7)))
  }
  return { server, api, http, showsToken }
}

async function main() {
  const happened = {}
  for (const [name, play] of Object.entries(scenes)) {
    const all = await world()
    happened[name] = await play(all)
    await Promise.all([all.api.close(), all.server.close()])
  }
  process.stdout.write(JSON.stringify(happened))
}

main()
