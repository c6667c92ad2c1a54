import { addAuthorization } from '@countersign/axios-interceptor'
import { createTokenProvider } from '@countersign/core'
import axios from 'axios'

const { CLIENT_ID, PRIVATE_KEY, TOKEN_ENDPOINT, API_ORIGIN = '' } = process.env

const tokens = createTokenProvider({
  clientId: CLIENT_ID,
  tokenEndpoint: TOKEN_ENDPOINT,
  key: PRIVATE_KEY,
})
const api = axios.create({ baseURL: API_ORIGIN })
addAuthorization(api, tokens)

const { status } = await api.get('/accounts')
console.log(status)
