import { client } from './generated/hey-fetch/client.gen.js'
import { API_ORIGIN, api } from './tokens.js'

client.setConfig({ baseUrl: API_ORIGIN, fetch: api })
