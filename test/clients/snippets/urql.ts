import { Client, fetchExchange } from '@urql/core'
import { API_ORIGIN, api } from './tokens.js'

export const client = new Client({
  url: `${API_ORIGIN}/graphql`,
  exchanges: [fetchExchange],
  fetch: api,
})
