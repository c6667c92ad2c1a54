import { GraphQLClient } from 'graphql-request'
import { API_ORIGIN, api } from './tokens.js'

export const client = new GraphQLClient(`${API_ORIGIN}/graphql`, { fetch: api })
