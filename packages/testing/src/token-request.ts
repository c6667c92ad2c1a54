import type { IncomingMessage } from 'node:http'
import { checkAssertion, readAssertion } from './assertion-check.js'
import type { RegisteredClient } from './client-registration.js'

/** An error of the token endpoint, RFC 6749 section 5.2. */
export interface TokenRefusal {
  readonly error: string
  readonly reason: string
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
/** RFC 8707 section 2 and RFC 8693 section 2.1; every other parameter may be there once. */
const repeatable = ['resource', 'audience']

/** Everything wrong with the form that can be said without looking at the client. */
export function wrongForm(
  request: IncomingMessage,
  form: URLSearchParams,
): TokenRefusal | undefined {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded') {
    return { error: 'invalid_request', reason: 'the body is not form-urlencoded' }
  }
  const repeated = [...form.keys()].find(
    (name) => !repeatable.includes(name) && form.getAll(name).length > 1,
  )
  if (repeated) return { error: 'invalid_request', reason: `${repeated} is there more than once` }
  const grantType = form.get('grant_type')
  if (!grantType) return { error: 'invalid_request', reason: 'grant_type is missing' }
  if (grantType !== 'client_credentials') {
    return { error: 'unsupported_grant_type', reason: 'grant_type is not client_credentials' }
  }
  if (request.headers.authorization !== undefined || form.has('client_secret')) {
    return { error: 'invalid_request', reason: 'more than one client authentication is used' }
  }
  if (!form.get('client_assertion')) {
    return { error: 'invalid_request', reason: 'no client authentication mechanism provided' }
  }
  if (form.get('client_assertion_type') !== assertionType) {
    return { error: 'invalid_request', reason: `client_assertion_type is not ${assertionType}` }
  }
  return undefined
}

/** Authenticates the client of a well-formed request. */
export async function wrongClient(
  form: URLSearchParams,
  client: RegisteredClient | undefined,
  memory: { now: () => number; seen: Set<string> },
): Promise<TokenRefusal | undefined> {
  const assertion = form.get('client_assertion') ?? ''
  const clientId = form.get('client_id')
  if (!client) return { error: 'invalid_client', reason: 'the client is not registered' }
  const { sub } = readAssertion(assertion).claims
  if (clientId !== null && sub !== undefined && sub !== clientId) {
    return { error: 'invalid_client', reason: 'client_id is not the sub of the assertion' }
  }
  return checkAssertion(assertion, client, memory)
}

/** A scope that was asked for must lie within the registered one, if there is one. */
export function wrongScope(
  form: URLSearchParams,
  client: RegisteredClient | undefined,
): TokenRefusal | undefined {
  const asked = form.get('scope')?.split(' ').filter(Boolean) ?? []
  const extra = asked.find((scope) => client?.scope && !client.scope.has(scope))
  if (extra === undefined) return undefined
  return { error: 'invalid_scope', reason: `the client may not ask for ${extra}` }
}
