import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { API_ORIGIN, api } from './tokens.js'

const url = new URL(`${API_ORIGIN}/mcp`)
export const client = new Client({ name: 'example', version: '1.0.0' })
export const connect = () => client.connect(new StreamableHTTPClientTransport(url, { fetch: api }))
