import { createServer, type IncomingMessage } from 'node:http'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { listen } from './listen.ts'

export interface ProtectedApi {
  origin: string
  /** Refuses every token seen so far, by its `jti`, and says how many those are. */
  refuseAllSeen(): number
  close(): Promise<void>
}

/** Does what a real API does: checks the signature, issuer, audience, expiry and a list of refused tokens. */
export async function startProtectedApi(trusted: {
  issuer: string
  jwksUri: string
  audience: string
}): Promise<ProtectedApi> {
  const { issuer, jwksUri, audience } = trusted
  const keys = createRemoteJWKSet(new URL(jwksUri))
  const seen = new Set<string>()
  const refused = new Set<string>()

  async function accepts(request: IncomingMessage): Promise<boolean> {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
    if (token === undefined) return false
    try {
      // One second of leeway: `exp` is in whole seconds, rounded down by the issuer.
      const { payload } = await jwtVerify(token, keys, { issuer, audience, clockTolerance: 1 })
      if (payload.jti === undefined || refused.has(payload.jti)) return false
      seen.add(payload.jti)
      return true
    } catch {
      return false
    }
  }

  const server = createServer(async (request, response) => {
    if (await accepts(request)) {
      response.setHeader('content-type', 'application/json').end('{"ok":true}')
      return
    }
    response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end()
  })
  const { origin, close } = await listen(server)

  return {
    origin,
    refuseAllSeen() {
      for (const jti of seen) refused.add(jti)
      return refused.size
    },
    close,
  }
}
