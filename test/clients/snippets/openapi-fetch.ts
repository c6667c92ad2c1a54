import createClient from 'openapi-fetch'
import type { paths } from './generated/openapi.js'
import { API_ORIGIN, api } from './tokens.js'

export const client = createClient<paths>({ baseUrl: API_ORIGIN, fetch: api })
