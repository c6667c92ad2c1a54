import type { Algorithm, TokenProviderOptions } from '@countersign/core'
import { misused } from './command-failure.js'
import { commonOptions as options } from './common-options.js'
import { privateKey } from './private-key.js'
import type { Settings } from './settings.js'

/** What makes a client: every command that signs takes these. */
export const clientOptions = [
  options.profile,
  options.clientId,
  options.tokenEndpoint,
  options.key,
  options.passphrase,
  options.alg,
  options.kid,
  options.audience,
  options.lifetime,
  options.claim,
]

/** The options of `createTokenProvider`, as a command was told them. */
export async function providerOptions(
  settings: Settings,
): Promise<TokenProviderOptions & { readonly clientId: string; readonly tokenEndpoint: string }> {
  const clientId = settings.required(options.clientId)
  const tokenEndpoint = settings.required(options.tokenEndpoint)
  const assertion = assertionOptions(settings)
  requireOneHost(settings, tokenEndpoint, assertion.audience?.toString())
  const [alg, kid] = [options.alg, options.kid].map(settings.text)
  const [scope, resource] = [options.scope, options.resource].map(settings.text)
  checkProfile(settings, alg, assertion.lifetimeSeconds)
  return {
    ...{ clientId, tokenEndpoint, ...(await privateKey(settings)), assertion },
    ...(alg !== undefined && { alg: alg as Algorithm }),
    ...(kid !== undefined && { kid }),
    ...(scope !== undefined && { scope }),
    ...(resource !== undefined && { resource }),
  }
}

/** An assertion for one server must not go to another because of a file that came with a folder. */
function requireOneHost(
  settings: Settings,
  tokenEndpoint: string,
  audience: string | undefined,
): void {
  const fromFile = [options.tokenEndpoint, options.audience].filter(settings.isFromUnnamedFile)
  const hosts = [tokenEndpoint, audience ?? tokenEndpoint].map(hostOf)
  const isPreset = settings.profile !== undefined
  if (fromFile.length === 0 || isPreset || hosts.includes(undefined) || hosts[0] === hosts[1])
    return
  const names = fromFile.map(({ env }) => env).join(' and ')
  throw misused(
    `The token endpoint is at ${hosts[0]} and the audience at ${hosts[1]}, and ${names} comes from .env in the working folder. Nothing was sent. If that is right, name the file: --dotenv .env.`,
    'ERR_TWO_HOSTS',
  )
}

function hostOf(text: string): string | undefined {
  return URL.canParse(text) ? new URL(text).hostname || undefined : undefined
}

function assertionOptions(settings: Settings): NonNullable<TokenProviderOptions['assertion']> {
  const audience = settings.text(options.audience)
  const lifetimeSeconds = lifetimeOf(settings)
  const claims = settings.list(options.claim).map(claim)
  return {
    ...(audience !== undefined && { audience }),
    ...(lifetimeSeconds !== undefined && { lifetimeSeconds }),
    ...(claims.length > 0 && { claims: Object.fromEntries(claims) }),
  }
}

/** An hour is no mistake of milliseconds, of which the library would speak. */
function lifetimeOf(settings: Settings): number | undefined {
  const seconds = settings.whole(options.lifetime)
  if (seconds === undefined || seconds < 1000 || seconds >= 10_000) return seconds
  throw misused(
    `--${options.lifetime.name} must be a whole number from 10 to 300: an assertion lives at most 300 s.`,
    'ERR_INVALID_OPTION',
  )
}

function checkProfile(
  { profile }: Settings,
  alg: string | undefined,
  lifetimeSeconds: number | undefined,
): void {
  if (profile === undefined) return
  const { title, algorithms, maxLifetimeSeconds } = profile
  if (alg !== undefined && !algorithms.includes(alg))
    throw misused(`${title} takes ${algorithms.join(', ')}, not ${alg}.`)
  if (lifetimeSeconds !== undefined && lifetimeSeconds > maxLifetimeSeconds)
    throw misused(`${title} takes assertions of at most ${maxLifetimeSeconds} s.`)
}

function claim(given: string): [string, unknown] {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(given) ?? []
  if (name === undefined || value === undefined)
    throw misused('--claim takes a name and a value: --claim name=value.')
  try {
    return [name, JSON.parse(value)]
  } catch {
    return [name, value]
  }
}
