import type { IncomingMessage } from 'node:http'
import { checkAssertion } from './assertion-rules.js'
import type { RegisteredClient } from './client-registration.js'
import { checkSignature } from './signature.js'
import { readStrictJwt, type StrictJwt } from './strict-jwt.js'

/** An error response of the token endpoint (RFC 6749 section 5.2). */
export interface TokenError {
  readonly code: string
  readonly reason: string
}

/** A client assertion, or why it cannot be read. */
type ReadAssertion = StrictJwt & { readonly jwt: string; readonly fault?: string }

/** What a token request is checked against. */
interface TokenRequestContext {
  readonly form: URLSearchParams
  readonly assertion: ReadAssertion
  readonly client: RegisteredClient | undefined
  now(): number
  /** The client and `jti` of every assertion that was accepted, as JSON. */
  readonly used: Set<string>
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
/** RFC 8707 section 2 and RFC 8693 section 2.1; every other parameter may occur once. */
const repeatable = ['resource', 'audience']

/** Returns the client assertion of a form; header and claims are empty if it cannot be read. */
export function readAssertion(form: URLSearchParams): ReadAssertion {
  const jwt = form.get('client_assertion') ?? ''
  try {
    return { jwt, ...readStrictJwt(jwt) }
  } catch (error) {
    return { jwt, header: {}, claims: {}, fault: (error as Error).message }
  }
}

/**
 * Checks the form, authenticates the client (RFC 7521 section 5.2) and checks the scope.
 *
 * @returns undefined if a token may be issued.
 */
export async function checkTokenRequest(
  request: IncomingMessage,
  context: TokenRequestContext,
): Promise<TokenError | undefined> {
  const { form, client } = context
  const malformed = checkForm(request, form)
  if (malformed) return malformed
  if (!client) return { code: 'invalid_client', reason: 'the client is not registered' }
  const reason = await findFault(client, context)
  if (reason !== undefined) return { code: 'invalid_client', reason }
  const scopes = form.get('scope')?.split(' ').filter(Boolean) ?? []
  const excess = scopes.find((scope) => client.scope && !client.scope.has(scope))
  if (excess === undefined) return undefined
  return { code: 'invalid_scope', reason: `the client may not ask for ${excess}` }
}

function checkForm({ headers }: IncomingMessage, form: URLSearchParams): TokenError | undefined {
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  const repeated = [...form.keys()].find(
    (name) => !repeatable.includes(name) && form.getAll(name).length > 1,
  )
  const grantType = form.get('grant_type')
  const reason =
    (type !== 'application/x-www-form-urlencoded' && 'the body is not form-urlencoded') ||
    (repeated !== undefined && `${repeated} is there more than once`) ||
    (!grantType && 'grant_type is missing')
  if (reason) return { code: 'invalid_request', reason }
  if (grantType !== 'client_credentials')
    return { code: 'unsupported_grant_type', reason: 'grant_type is not client_credentials' }
  const authentication =
    ((headers.authorization !== undefined || form.has('client_secret')) &&
      'more than one client authentication is used') ||
    (!form.get('client_assertion') && 'no client authentication mechanism provided') ||
    (form.get('client_assertion_type') !== assertionType &&
      `client_assertion_type is not ${assertionType}`)
  return authentication ? { code: 'invalid_request', reason: authentication } : undefined
}

/** Returns why the assertion does not authenticate the client. If it does, its `jti` is used up. */
async function findFault(
  client: RegisteredClient,
  { form, assertion, now, used }: TokenRequestContext,
): Promise<string | undefined> {
  const { jwt, claims, fault } = assertion
  const { clientId } = client
  if (fault !== undefined) return fault
  if (form.has('client_id') && claims.sub !== undefined && claims.sub !== clientId)
    return 'client_id is not the sub of the assertion'
  const findings = checkAssertion(assertion, { ...client, now: now() })
  const error = [...findings, await checkSignature(jwt, client.keys)].find(
    ({ level }) => level === 'error',
  )
  if (error) return error.message
  const use = JSON.stringify([clientId, claims.jti])
  if (used.has(use)) return 'jti was used before'
  used.add(use)
  return undefined
}
