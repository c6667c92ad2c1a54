import { addAuthorization } from '@countersign/axios-interceptor'
import { createTokenProvider } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { authorizationHooks } from '@countersign/ky-hook'
import axios, { type AxiosRequestConfig } from 'axios'
import ky from 'ky'

const tokens = createTokenProvider({
  clientId: process.env.CLIENT_ID,
  tokenEndpoint: process.env.TOKEN_ENDPOINT,
  key: process.env.PRIVATE_KEY,
})
const origins = ['https://api.example.com']

export const eject: () => void = addAuthorization(axios, tokens, { origins })
export const config: AxiosRequestConfig<string> = { countersign: { scope: 'a' } }
// @ts-expect-error: no such member
export const wrong: AxiosRequestConfig = { countersign: { scopes: 'a' } }
export const instance = ky.create({ hooks: authorizationHooks(tokens, { origins }) })
// @ts-expect-error: ky has no base that names an origin
authorizationHooks(tokens, {})
// A `typeof fetch` is what other libraries ask for.
export const send: typeof fetch = authorizedFetch(tokens, { origins })
export const viaFetch = ky.create({ fetch: send })
// @ts-expect-error: an instance is wanted
addAuthorization({}, tokens)
