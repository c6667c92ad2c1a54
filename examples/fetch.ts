import { createTokenProvider } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'

const { CLIENT_ID, PRIVATE_KEY, TOKEN_ENDPOINT, API_ORIGIN = '' } = process.env

const tokens = createTokenProvider({
  clientId: CLIENT_ID,
  tokenEndpoint: TOKEN_ENDPOINT,
  key: PRIVATE_KEY,
})
const api = authorizedFetch(tokens, { origins: [API_ORIGIN] })

const { status } = await api(`${API_ORIGIN}/accounts`)
console.log(status)
