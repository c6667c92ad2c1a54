/** Gives everything that takes an object one out of JSON with a member called `__proto__`. */
import process from 'node:process'
import { addAuthorization } from '@countersign/axios-interceptor'
import { createTokenProvider, isCountersignError, type TokenFetch } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { authorizationHooks } from '@countersign/ky-hook'
import axios from 'axios'
import ky from 'ky'

const { API_ORIGIN = '', EVIL_ORIGIN = '', TOKEN_ENDPOINT, PRIVATE_KEY } = process.env
const client = { clientId: 'client-1', tokenEndpoint: TOKEN_ENDPOINT, key: PRIVATE_KEY }

/** As `JSON.parse` leaves it: an own member called `__proto__`. */
function withPrototype(inherited: object, own: object = {}): never {
  const members = [['__proto__', inherited], ...Object.entries(own)]
  const text = members.map((member) => member.map((part) => JSON.stringify(part)).join(':'))
  return JSON.parse(`{${text.join()}}`) as never
}

const asked = withPrototype({ scope: 'polluted', resource: 'https://polluted.test/' })
const options = withPrototype(
  { onForeignOrigin: 'throw', origins: [EVIL_ORIGIN] },
  { origins: [API_ORIGIN] },
)
const untouched = { countersign: false, context: { countersign: false } }

const tokens = createTokenProvider(
  withPrototype({ allowInsecureHttp: true, scope: 'polluted', retries: 'no' }, client),
)
const token = await tokens.getAccessToken(withPrototype({ scope: 'polluted', forceRenewal: true }))
const again = await tokens.getAccessToken(withPrototype({ forceRenewal: true }))

const api = axios.create({ baseURL: API_ORIGIN })
addAuthorization(api, tokens, options)
const hooks = authorizationHooks(tokens, options)
const kyApi = ky.create({ prefix: API_ORIGIN, hooks, retry: 0 })
const send = authorizedFetch(tokens, options)

const statuses = [
  await send(`${API_ORIGIN}/fetch`, withPrototype({ ...untouched, method: 'PUT' })),
  await send(`${API_ORIGIN}/fetch`, { countersign: asked }),
  await send(`${EVIL_ORIGIN}/fetch`),
  await kyApi.get('ky', withPrototype({ ...untouched, method: 'PUT' })),
  await kyApi.get('ky', { context: withPrototype({ countersign: false }) }),
  await kyApi.get('ky', { context: { countersign: asked } }),
  await kyApi.get(`${EVIL_ORIGIN}/ky`, { prefix: '' }),
  await api.get('/axios', withPrototype({ ...untouched, auth: { username: 'a', password: 'b' } })),
  await api.get('/axios', { countersign: asked }),
  await api.get(`${EVIL_ORIGIN}/axios`),
].map(({ status }) => status)

async function answered(body: string, status = 200): Promise<unknown> {
  const fetch: TokenFetch = async () => new Response(body, { status })
  return createTokenProvider({ ...client, fetch, retries: 0 })
    .getAccessToken()
    .then(({ value, scope, issuedAt, expiresAt }) => [value, scope, expiresAt - issuedAt])
    .catch(codeOf)
}

function codeOf(error: unknown): string {
  return isCountersignError(error) ? error.code : String(error)
}

function attempt(work: () => unknown): string {
  try {
    return typeof work()
  } catch (error) {
    return codeOf(error)
  }
}

const response = { access_token: 'polluted', expires_in: 1, scope: 'polluted', error: 'polluted' }
console.log(
  JSON.stringify({
    sameToken: token === again,
    scope: String(token.scope),
    statuses,
    responses: [
      await answered(
        JSON.stringify(withPrototype(response, { access_token: 't', token_type: 'bearer' })),
      ),
      await answered(JSON.stringify(withPrototype(response))),
      await answered(JSON.stringify(withPrototype(response)), 400),
    ],
    options: [
      attempt(() => createTokenProvider(withPrototype(client))),
      attempt(() => createTokenProvider({ ...client, parameters: withPrototype({ a: 'b' }) })),
      attempt(() =>
        createTokenProvider({ ...client, key: withPrototype({ d: 'a' }, { kty: 'EC' }) }),
      ),
      attempt(() => authorizedFetch(tokens, withPrototype({ origins: [API_ORIGIN] }))),
      attempt(() => authorizationHooks(tokens, withPrototype({ origins: [API_ORIGIN] }))),
      attempt(() =>
        addAuthorization(axios.create(), tokens, withPrototype({ origins: [API_ORIGIN] })),
      ),
    ],
    polluted: Object.keys(Object.prototype),
  }),
)
