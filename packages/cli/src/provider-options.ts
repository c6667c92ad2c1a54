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
  const [scope, resource] = [options.scope, options.resource].map(settings.text)
  return {
    ...{ clientId, tokenEndpoint, ...(await privateKey(settings)), assertion },
    ...(scope !== undefined && { scope }),
    ...(resource !== undefined && { resource }),
  }
}

function assertionOptions(settings: Settings): NonNullable<TokenProviderOptions['assertion']> {
  const [alg, kid, audience] = [options.alg, options.kid, options.audience].map(settings.text)
  const lifetimeSeconds = lifetimeOf(settings)
  const claims = settings.list(options.claim).map(claim)
  checkProfile(settings, alg, lifetimeSeconds)
  return {
    ...(alg !== undefined && { alg: alg as Algorithm }),
    ...(kid !== undefined && { kid }),
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
