import { env, waitUntil } from 'cloudflare:workers'
import { createTokenProvider } from '@countersign/core'
import { optionsFromEnv } from '@countersign/core/env'
import { authorizedFetch } from '@countersign/core/fetch'

const tokens = createTokenProvider({ ...optionsFromEnv({ env }), renewal: { waitUntil } })
const api = authorizedFetch(tokens, { origins: [env.API_ORIGIN] })

export default {
  async fetch(request: Request): Promise<Response> {
    const body = request.method === 'POST' ? await request.text() : null
    return api(`${env.API_ORIGIN}/accounts`, { method: request.method, body })
  },
}
