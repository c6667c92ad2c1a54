import { type Algorithm, createTokenProvider, type TokenProviderOptions } from '@countersign/core'
import { createUsageFailure } from './command-failure.js'
import { options } from './options.js'
import { readPrivateKey } from './private-key.js'
import type { Settings } from './settings.js'

export type ClientOptions = TokenProviderOptions & {
  readonly clientId: string
  readonly tokenEndpoint: string
}

/** Reads the options of `createTokenProvider`. */
export async function readClientOptions(settings: Settings): Promise<ClientOptions> {
  const clientId = settings.requireText(options.clientId)
  const tokenEndpoint = settings.requireText(options.tokenEndpoint)
  const audience = settings.readText(options.audience)
  requireOneHost(settings, tokenEndpoint, audience)
  const claims = Object.fromEntries(settings.readList(options.claim).map(parseClaim))
  return {
    clientId,
    tokenEndpoint,
    ...(await readPrivateKey(settings)),
    ...omitUndefined({
      alg: settings.readText(options.alg) as Algorithm | undefined,
      kid: settings.readText(options.kid),
      scope: settings.readText(options.scope),
      resource: settings.readText(options.resource),
    }),
    assertion: omitUndefined({
      audience,
      lifetimeSeconds: settings.readWholeNumber(options.lifetime, {
        from: 10,
        to: 300,
        unit: 'seconds',
      }),
      claims: Object.keys(claims).length > 0 ? claims : undefined,
    }),
  }
}

/** Keeps an assertion for one server from going to another because of the `.env` of a clone. */
function requireOneHost(settings: Settings, tokenEndpoint: string, audience = tokenEndpoint): void {
  const fromFile = [options.tokenEndpoint, options.audience].filter(settings.isFromUnnamedFile)
  const [host, other] = [tokenEndpoint, audience].map((url) => URL.parse(url)?.hostname)
  const isSafe = settings.profile !== undefined || fromFile.length === 0
  if (isSafe || !host || !other || host === other) return
  const names = fromFile.map(({ envVar }) => envVar).join(' and ')
  throw createUsageFailure(
    `The token endpoint is on ${host}, but the audience on ${other}. ${names} came from .env, so nothing was sent. If the values are right, pass --dotenv .env.`,
    'ERR_TWO_HOSTS',
  )
}

function parseClaim(given: string): [string, unknown] {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(given) ?? []
  if (name === undefined || value === undefined)
    throw createUsageFailure('--claim must be a name and a value: --claim name=value.')
  try {
    return [name, JSON.parse(value)]
  } catch {
    return [name, value]
  }
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

export function omitUndefined<T extends object>(members: T): Defined<T> {
  const defined = Object.entries(members).filter(([, value]) => value !== undefined)
  return Object.fromEntries(defined) as Defined<T>
}

/** Returns the assertion that a token request would carry. Sends nothing. */
export async function signAssertion(options: TokenProviderOptions): Promise<string> {
  let assertion: string | null = null
  const tokens = createTokenProvider({
    ...options,
    retries: 0,
    fetch: async (_, { body }) => {
      assertion = new URLSearchParams(String(body)).get('client_assertion')
      throw new Error('The request is not sent.')
    },
  })
  try {
    await tokens.getAccessToken()
  } catch (error) {
    if (assertion === null) throw error
  }
  return String(assertion)
}
