import type { IncomingMessage } from 'node:http'
import { checkAssertion } from './assertion-rules.js'
import type { RegisteredClient } from './client-registration.js'
import { checkSignature } from './signature.js'
import { readStrictJwt, type StrictJwt } from './strict-jwt.js'

/** An error response of the token endpoint (RFC 6749 section 5.2). */
export interface TokenError {
  readonly error: string
  readonly reason: string
}

/** The state of the server when a token request arrives. */
interface TokenRequestContext {
  readonly client: RegisteredClient | undefined
  /** The client and `jti` of every assertion that was accepted, as JSON. */
  readonly used: Set<string>
  /** The time of arrival, in epoch milliseconds. */
  readonly now: number
}

const supported = 'client_credentials'
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
/** RFC 8707 section 2 and RFC 8693 section 2.1; every other parameter may occur once. */
const repeatable = ['resource', 'audience']

/** Returns the client assertion of a form, or empty members and why it cannot be read. */
export function readAssertion(form: URLSearchParams): StrictJwt & { readonly fault?: string } {
  try {
    return readStrictJwt(form.get('client_assertion') ?? '')
  } catch (error) {
    return { header: {}, claims: {}, fault: (error as Error).message }
  }
}

/**
 * Checks the form, authenticates the client (RFC 7521 section 5.2) and checks the scope.
 *
 * @returns undefined if a token may be issued.
 */
export async function checkTokenRequest(
  request: IncomingMessage,
  form: URLSearchParams,
  context: TokenRequestContext,
): Promise<TokenError | undefined> {
  const malformed = checkForm(request, form)
  if (malformed) return malformed
  const { client } = context
  if (!client) return { error: 'invalid_client', reason: 'the client is not registered' }
  const reason = await authenticate(client, form, context)
  if (reason !== undefined) return { error: 'invalid_client', reason }
  const requested = form.get('scope')?.split(' ').filter(Boolean) ?? []
  const excess = requested.find((scope) => client.scopes?.includes(scope) === false)
  if (excess === undefined) return undefined
  return { error: 'invalid_scope', reason: `the client may not ask for ${excess}` }
}

function checkForm({ headers }: IncomingMessage, form: URLSearchParams): TokenError | undefined {
  const isForm = /^application\/x-www-form-urlencoded *(;|$)/i.test(headers['content-type'] ?? '')
  const grantType = form.get('grant_type')
  const isRepeated = (name: string) => form.getAll(name).length > 1 && !repeatable.includes(name)
  const repeated = [...form.keys()].find(isRepeated)
  const hasSecret = headers.authorization !== undefined || form.has('client_secret')
  const hasType = form.get('client_assertion_type') === assertionType
  const rules: readonly (readonly [isWrong: boolean, reason: string, error?: string])[] = [
    [!isForm, 'the body is not form-urlencoded'],
    [repeated !== undefined, `${repeated} is there more than once`],
    [!grantType, 'grant_type is missing'],
    [grantType !== supported, `grant_type is not ${supported}`, 'unsupported_grant_type'],
    [hasSecret, 'more than one client authentication is used'],
    [!form.get('client_assertion'), 'no client authentication mechanism provided'],
    [!hasType, `client_assertion_type is not ${assertionType}`],
  ]
  const [, reason, error = 'invalid_request'] = rules.find(([isWrong]) => isWrong) ?? []
  return reason === undefined ? undefined : { error, reason }
}

/** Returns why the client is not authenticated. If it is, the `jti` of the assertion is used up. */
async function authenticate(
  client: RegisteredClient,
  form: URLSearchParams,
  { used, now }: TokenRequestContext,
): Promise<string | undefined> {
  const assertion = readAssertion(form)
  const { sub = client.clientId, jti } = assertion.claims
  if (assertion.fault !== undefined) return assertion.fault
  if (sub !== client.clientId) return 'client_id is not the sub of the assertion'
  const findings = checkAssertion(assertion, { ...client, now })
  const signature = await checkSignature(form.get('client_assertion') ?? '', client.getKey)
  const error = [...findings, signature].find(({ level }) => level === 'error')
  if (error) return error.message
  const use = JSON.stringify([client.clientId, jti])
  if (used.has(use)) return 'jti was used before'
  used.add(use)
  return undefined
}
