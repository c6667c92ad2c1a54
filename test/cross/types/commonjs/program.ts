import { addAuthorization } from '@countersign/axios-interceptor'
import { createTokenProvider, isCountersignError, type TokenProvider } from '@countersign/core'
import { createAuthorizer } from '@countersign/core/adapter'
import { authorizedFetch } from '@countersign/core/fetch'
import axios from 'axios'

/** A CommonJS program, whose axios has declarations of its own (`index.d.cts`). */
export async function program(): Promise<number> {
  const api = axios.create({ baseURL: 'https://api.example.com', countersign: { scope: 'a' } })
  const tokens: TokenProvider = createTokenProvider({
    clientId: 'client',
    tokenEndpoint: 'https://login.example.com/token',
    key: '-----BEGIN PRIVATE KEY-----',
  })
  const origins = ['https://api.example.com']
  const eject: () => void = addAuthorization(api, tokens)
  const { status } = await api.get('/x', { countersign: false }).catch((error: unknown) => {
    if (axios.isAxiosError(error) && isCountersignError(error.cause)) return { status: 0 }
    throw error
  })
  await api.get('/x', { countersign: { scope: ['a', 'b'], resource: 'https://r.example/' } })
  const send: typeof fetch = authorizedFetch(tokens, { origins })
  await send('https://api.example.com/x')
  // @ts-expect-error 2561: misspelt
  await api.get('/x', { countersign: { scopes: 'a' } })
  // @ts-expect-error 2322: true says nothing
  await api.get('/x', { countersign: true })
  // @ts-expect-error 2322: origins is a list
  addAuthorization(api, tokens, { origins: 'https://api.example.com' })
  // @ts-expect-error 2345: clientId is missing
  createTokenProvider({ tokenEndpoint: 'https://login.example.com/token' })
  // @ts-expect-error 2345: a host that cannot send
  createAuthorizer(tokens, {}, { origins })
  eject()
  return status
}
