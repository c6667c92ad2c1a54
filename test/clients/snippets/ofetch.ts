import { createFetch } from 'ofetch'
import { API_ORIGIN, api } from './tokens.js'

export const client = createFetch({ fetch: api, defaults: { baseURL: API_ORIGIN } })
