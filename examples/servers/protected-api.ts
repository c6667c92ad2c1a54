import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
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

/** What the API trusts. */
export interface Trusted {
  issuer: string
  jwksUri: string
  audience: string
  /** How long after `exp` a client's token is accepted; 1 second when left out. */
  leewaySeconds?: (clientId: unknown) => number
}

/**
 * Does what a real API does: checks the signature, issuer, audience, expiry and a list of refused
 * tokens. Answers with the client that the token was issued to, and the SHA-256 of the body that
 * it received, once `onJudged` lets it.
 */
export async function startProtectedApi(
  trusted: Trusted,
  onJudged: (request: JudgedRequest) => void | Promise<void> = () => {},
): Promise<ProtectedApi> {
  // `exp` is in whole seconds, rounded down by the issuer.
  const { issuer, jwksUri, audience, leewaySeconds = () => 1 } = trusted
  const keys = createRemoteJWKSet(new URL(jwksUri))
  const seen = new Set<string>()
  const refused = new Set<string>()

  /** The client of an acceptable token, else undefined. */
  async function clientOf(authorization: string | undefined): Promise<unknown> {
    const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1]
    if (token === undefined) return undefined
    try {
      const clockTolerance = leewaySeconds(decodeJwt(token).client_id)
      const { payload } = await jwtVerify(token, keys, { issuer, audience, clockTolerance })
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
