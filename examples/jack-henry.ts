import { randomUUID } from 'node:crypto'
import { createTokenProvider } from '@countersign/core'
import { optionsFromEnv } from '@countersign/core/env'
import { authorizedFetch } from '@countersign/core/fetch'

const { API_ORIGIN = '' } = process.env

// An RSA key needs the variable ALG, as PS256 or RS256.
const tokens = createTokenProvider({ ...optionsFromEnv(), scope: 'openid full' })
const api = authorizedFetch(tokens, { origins: [API_ORIGIN] })

const response = await api(`${API_ORIGIN}/accounts`, {
  headers: { 'X-Request-ID': randomUUID() },
})
console.log(response.status)
