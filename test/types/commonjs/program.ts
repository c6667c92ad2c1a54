import { addAuthorization } from '@countersign/axios-interceptor'
import { createTokenProvider } from '@countersign/core'

import axios = require('axios')

/** A CommonJS program, whose axios has declarations of its own (`index.d.cts`). */
export async function program(): Promise<number> {
  const api = axios.create({ baseURL: 'https://api.example.com', countersign: { scope: 'a' } })
  const tokens = createTokenProvider({
    clientId: process.env.CLIENT_ID,
    tokenEndpoint: process.env.TOKEN_ENDPOINT,
    key: process.env.PRIVATE_KEY,
  })
  const eject: () => void = addAuthorization(api, tokens)
  const { status } = await api.get('/x', { countersign: false })
  await api.get('/x', { countersign: { scope: ['a', 'b'], resource: 'https://r.example/' } })
  // @ts-expect-error: no such member
  await api.get('/x', { countersign: { scopes: 'a' } })
  // @ts-expect-error: true says nothing
  await api.get('/x', { countersign: true })
  // @ts-expect-error: origins is a list
  addAuthorization(api, tokens, { origins: 'https://api.example.com' })
  eject()
  return status
}
