import { randomUUID } from 'node:crypto'
import { type Algorithm, createTokenProvider } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'

const { CLIENT_ID, PRIVATE_KEY, TOKEN_ENDPOINT, ALG, API_ORIGIN = '' } = process.env

const tokens = createTokenProvider({
  clientId: CLIENT_ID,
  tokenEndpoint: TOKEN_ENDPOINT,
  key: PRIVATE_KEY,
  scope: 'openid full',
  alg: ALG as Algorithm | undefined, // an RSA key needs PS256 or RS256 here
})
const api = authorizedFetch(tokens, { origins: [API_ORIGIN] })

const response = await api(`${API_ORIGIN}/accounts`, {
  headers: { 'X-Request-ID': randomUUID() },
})
console.log(response.status)
