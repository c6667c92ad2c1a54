// Of start.ts: a first API call as a user of the packages writes it.
import process from 'node:process'
import { createTokenProvider } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'

const { CLIENT_ID, TOKEN_ENDPOINT, PRIVATE_KEY, API_ORIGIN } = process.env

const tokens = createTokenProvider({
  clientId: CLIENT_ID,
  tokenEndpoint: TOKEN_ENDPOINT,
  key: PRIVATE_KEY,
})
const send = authorizedFetch(tokens, { origins: [API_ORIGIN] })
await send(`${API_ORIGIN}/accounts`)
