import type { RequestedAccess } from '../requested-access.js'
import { snapshot } from '../snapshot.js'

/** Sends the token request, like the platform's `fetch`, but always with the URL as a string. */
export type TokenFetch = (url: string, init: RequestInit) => Promise<Response>

/**
 * Returns the token request of the client credentials grant with a client assertion (RFC 6749
 * section 4.4.2, RFC 7523 section 2.2). It follows no redirect: the assertion would go with it.
 */
export function createTokenRequest(request: {
  readonly clientId: string
  readonly parameters: Readonly<Record<string, string>>
  readonly access: RequestedAccess
  readonly clientAssertion: string
  readonly signal: AbortSignal
}): RequestInit {
  const { scope, resource } = request.access
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: request.clientId,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: request.clientAssertion,
  })
  if (scope !== undefined) form.set('scope', scope)
  for (const uri of resource) form.append('resource', uri)
  for (const [name, value] of Object.entries(request.parameters)) form.set(name, value)
  const { prototype } = globalThis.Request ?? {}
  return snapshot({
    method: 'POST',
    headers: snapshot({
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    }),
    body: form.toString(),
    redirect: 'manual',
    // Next.js caches POST responses too; old compatibility dates of Workers reject the option.
    ...(prototype !== undefined && 'cache' in prototype && { cache: 'no-store' }),
    signal: request.signal,
  })
}

/** The form fields that the option `parameters` may not set. */
export const reservedParameters: readonly string[] = [
  'grant_type',
  'client_id',
  'client_assertion_type',
  'client_assertion',
  'scope',
  'resource',
]
