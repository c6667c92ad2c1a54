import { type AuthorizableInstance, addAuthorization } from '@countersign/axios-interceptor'
import type { TokenSource } from '@countersign/core'
import axios, { AxiosHeaders, type AxiosInstance, type AxiosRequestConfig } from 'axios'

declare const tokens: TokenSource

const origins: readonly string[] = ['https://api.example.com']
const api: AxiosInstance = axios.create({ baseURL: 'https://api.example.com' })
export const instance: AuthorizableInstance = api

// An instance, axios itself, and the way out.
const eject: () => void = addAuthorization(api, tokens)
addAuthorization(axios, tokens, { origins })
addAuthorization(api, tokens, { onForeignOrigin: 'throw', onEvent: ({ type }) => void type })
eject()

// The key is known wherever axios takes a config, with and without type parameters.
await api.get('/x', { countersign: false })
await api.post<string>('/x', 'body', { countersign: { scope: 'a' } })
await api.request({ url: '/x', countersign: { scope: ['a', 'b'], resource: 'https://r/' } })
axios.create({ countersign: { scope: 'a' }, headers: new AxiosHeaders() })
export const config: AxiosRequestConfig<string> = { countersign: { scope: 'a' } }
api.interceptors.request.use((config) => {
  config.countersign = false
  return config
})

// @ts-expect-error 2322: true says nothing
await api.get('/x', { countersign: true })
// @ts-expect-error 2322: a scope stands in an object
await api.get('/x', { countersign: 'a' })
// @ts-expect-error 2561: misspelt
await api.get('/x', { countersign: { scopes: 'a' } })
// @ts-expect-error 2561: misspelt
export const wrong: AxiosRequestConfig = { countersign: { scopes: 'a' } }
// @ts-expect-error 2561: the key is misspelt
export const misspelt: AxiosRequestConfig = { counterSign: false }
// @ts-expect-error 2322: origins is a list
addAuthorization(api, tokens, { origins: 'https://api.example.com' })
// @ts-expect-error 2353: axios is what sends
addAuthorization(api, tokens, { fetch: globalThis.fetch })
// @ts-expect-error 2345: an instance is wanted
addAuthorization({}, tokens)
// @ts-expect-error 2554: whose tokens
addAuthorization(api)
// @ts-expect-error 2345: the other way round
addAuthorization(tokens, api)
// @ts-expect-error 2554: nothing to say
eject('now')
