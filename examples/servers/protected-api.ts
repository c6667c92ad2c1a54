import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { listen } from './listen.ts'

/** A request that was judged. */
export interface JudgedRequest {
  method: string
  status: 200 | 401
  /** In bytes, as received. */
  bodyLength: number
}

export interface ProtectedApi {
  origin: string
  /** Refuses every token seen so far, by its `jti`, and says how many those are. */
  refuseAllSeen(): number
  close(): Promise<void>
}

/**
 * Does what a real API does: checks the signature, issuer, audience, expiry and a list of refused
 * tokens. Answers with the client that the token was issued to, and the SHA-256 of the body that
 * it received, once `onJudged` lets it.
 */
export async function startProtectedApi(
  trusted: { issuer: string; jwksUri: string; audience: string },
  onJudged: (request: JudgedRequest) => void | Promise<void> = () => {},
): Promise<ProtectedApi> {
  const { issuer, jwksUri, audience } = trusted
  const keys = createRemoteJWKSet(new URL(jwksUri))
  const seen = new Set<string>()
  const refused = new Set<string>()

  /** The client of an acceptable token, else undefined. */
  async function clientOf(authorization: string | undefined): Promise<unknown> {
    const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1]
    if (token === undefined) return undefined
    try {
      // One second of leeway: `exp` is in whole seconds, rounded down by the issuer.
      const { payload } = await jwtVerify(token, keys, { issuer, audience, clockTolerance: 1 })
      if (payload.jti === undefined || refused.has(payload.jti)) return undefined
      seen.add(payload.jti)
      return payload.client_id
    } catch {
      return undefined
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request)
    const clientId = await clientOf(request.headers.authorization)
    const status = clientId === undefined ? 401 : 200
    await onJudged({ method: request.method ?? '', status, bodyLength: body.length })
    if (status === 401) {
      response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end()
      return
    }
    const bodyDigest = createHash('sha256').update(body).digest('hex')
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ clientId, bodyDigest }))
  }

  const server = createServer((request, response) => {
    // What a caller broke off has no answer.
    answer(request, response).catch(() => response.destroy())
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
