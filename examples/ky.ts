import { createTokenProvider } from '@countersign/core'
import { authorizationHooks } from '@countersign/ky-hook'
import ky from 'ky'

const { CLIENT_ID, PRIVATE_KEY, TOKEN_ENDPOINT, API_ORIGIN = '' } = process.env

const tokens = createTokenProvider({
  clientId: CLIENT_ID,
  tokenEndpoint: TOKEN_ENDPOINT,
  key: PRIVATE_KEY,
})
const api = ky.create({
  prefix: API_ORIGIN,
  hooks: authorizationHooks(tokens, { origins: [API_ORIGIN] }),
})

const { status } = await api.get('accounts')
console.log(status)
