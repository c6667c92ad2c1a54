import { createTokenProvider } from '@countersign/core'
import { optionsFromEnv } from '@countersign/core/env'
import { authorizedFetch } from '@countersign/core/fetch'

// Lambda freezes the process between two invocations, so nothing may run in the background.
const tokens = createTokenProvider({ ...optionsFromEnv(), renewal: { early: 0 } })
const { API_ORIGIN = '' } = process.env
const api = authorizedFetch(tokens, { origins: [API_ORIGIN] })

export async function handler(event: { method: string; body?: string }) {
  const response = await api(`${API_ORIGIN}/accounts`, event)
  return { statusCode: response.status, body: await response.text() }
}
