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
  /** Rejects every token that it has seen, by its `jti`, and returns their number. */
  rejectAllSeen(): number
  close(): Promise<void>
}

/** The issuer that the API trusts. */
export interface Trusted {
  issuer: string
  jwksUri: string
  audience: string
  /** How long after `exp` a client's token is accepted, in seconds. @default 1 */
  leewaySeconds?: (clientId: unknown) => number
}

/**
 * Does what a real API does: checks the signature, issuer, audience, expiry and a list of rejected
 * tokens. Once `onJudged` has finished, it answers with the client of the token and the SHA-256 of
 * the body.
 */
export async function startProtectedApi(
  trusted: Trusted,
  onJudged: (request: JudgedRequest) => void | Promise<void> = () => {},
): Promise<ProtectedApi> {
  // `exp` is in whole seconds, rounded down by the issuer.
  const { issuer, jwksUri, audience, leewaySeconds = () => 1 } = trusted
  const keys = createRemoteJWKSet(new URL(jwksUri))
  const seen = new Set<string>()
  const rejected = new Set<string>()

  /** Returns the client of a valid token, or undefined. */
  async function clientOf(authorization: string | undefined): Promise<unknown> {
    const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1]
    if (token === undefined) return undefined
    try {
      const clockTolerance = leewaySeconds(decodeJwt(token).client_id)
      const { payload } = await jwtVerify(token, keys, { issuer, audience, clockTolerance })
      if (payload.jti === undefined || rejected.has(payload.jti)) return undefined
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
    // A request that the caller aborted gets no answer.
    answer(request, response).catch(() => response.destroy())
  })
  const { origin, close } = await listen(server)

  return {
    origin,
    rejectAllSeen() {
      for (const jti of seen) rejected.add(jti)
      return rejected.size
    },
    close,
  }
}
