import { createConnectTransport } from '@connectrpc/connect-web'
import { API_ORIGIN, api } from './tokens.js'

export const transport = createConnectTransport({ baseUrl: API_ORIGIN, fetch: api })
