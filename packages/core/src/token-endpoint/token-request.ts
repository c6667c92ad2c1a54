import type { RequestedAccess } from '../requested-access.js'
import { snapshot } from '../snapshot.js'

/** What sends the token request; as the platform's `fetch`, of a URL in text. */
export type TokenFetch = (url: string, init: RequestInit) => Promise<Response>

/**
 * The token request of the client credentials grant with a client assertion (RFC 6749 section
 * 4.4.2, RFC 7523 section 2.2). Never follows a redirect: the assertion would go with it.
 */
export function tokenRequest({
  clientId,
  parameters,
  access: { scope, resource },
  clientAssertion,
  signal,
}: {
  clientId: string
  parameters: Readonly<Record<string, string>>
  access: RequestedAccess
  clientAssertion: string
  signal: AbortSignal
}): RequestInit {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: clientAssertion,
  })
  if (scope !== undefined) form.set('scope', scope)
  for (const uri of resource) form.append('resource', uri)
  for (const [name, value] of Object.entries(parameters)) form.set(name, value)
  return snapshot({
    method: 'POST',
    headers: snapshot({
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    }),
    body: form.toString(),
    redirect: 'manual',
    ...cacheMode(),
    signal,
  })
}

/** Next.js caches POST responses too; old compatibility dates of Workers reject the option. */
function cacheMode(): { cache?: 'no-store' } {
  const { prototype } = globalThis.Request ?? {}
  return prototype !== undefined && 'cache' in prototype ? { cache: 'no-store' } : {}
}

/** The names of the form fields that are ours. */
export const reservedParameters: readonly string[] = [
  'grant_type',
  'client_id',
  'client_assertion_type',
  'client_assertion',
  'scope',
  'resource',
]
