import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client'
import { API_ORIGIN, api } from './tokens.js'

export const client = new ApolloClient({
  link: new HttpLink({ uri: `${API_ORIGIN}/graphql`, fetch: api }),
  cache: new InMemoryCache(),
})
