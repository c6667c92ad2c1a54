import type { CountersignError, TokenEndpointError } from '@countersign/core'
import { CommanderError } from 'commander'
import { CommandFailure, misused, refused } from './command-failure.js'
import { optionNotes } from './option-flags.js'

/** Whatever was thrown, as it may be shown. */
export async function reportedFailure(thrown: unknown): Promise<CommandFailure> {
  if (thrown instanceof CommandFailure) return thrown
  if (thrown instanceof CommanderError) return misused(withoutValues(thrown.message))
  const { ConfigurationError, isCountersignError } = await import('@countersign/core')
  if (!isCountersignError(thrown)) return unexpected(thrown)
  const message = [thrown.message, ...details(thrown), ...optionNotes(thrown)].join(' ')
  // The algorithms of flags and environment are checked before: this one came with the key.
  const isMisuse = thrown instanceof ConfigurationError && thrown.code !== 'ERR_UNSUPPORTED_ALG'
  return isMisuse ? misused(message, thrown.code) : refused(thrown.code, message)
}

/** Returns the other hints, and what the assertion contained, to compare with what is registered. */
function details(error: CountersignError): readonly string[] {
  const { hints = [], sent } = error as Partial<TokenEndpointError>
  const others = hints.slice(1).map((hint) => `Or: ${hint}`)
  if (sent === undefined) return others
  const { alg, kid = 'none', audience, lifetimeSeconds, thumbprint = 'unknown' } = sent
  return [
    ...others,
    `Sent: alg ${alg}, kid ${kid}, aud ${audience}, lifetime ${lifetimeSeconds} s, thumbprint ${thumbprint}.`,
  ]
}

/** What was typed may be a secret in the wrong place: the names of options stay, values go. */
function withoutValues(message: string): string {
  return message
    .replace(/^error: /, '')
    .replace(/(Expected \d+ arguments? but got \d+).*$/s, '$1.')
    .replace(/(--[\w-]+)=[^']*/g, '$1=…')
    .replace(/'([^']{25,})'/gs, "'…'")
    .replace(/\s*\n\s*/g, ' ')
}

/** The words of an unknown error may quote what was read, so only its kind is told. */
function unexpected(thrown: unknown): CommandFailure {
  if (!(thrown instanceof Error)) return refused('ERR_UNEXPECTED', 'Something unknown was thrown.')
  const { code } = thrown as NodeJS.ErrnoException
  const kind = typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : thrown.name
  const place = /\/(packages|node_modules|dist)\/[^\s()]+:\d+/.exec(thrown.stack ?? '')?.[0] ?? ''
  return refused('ERR_UNEXPECTED', `Unexpected ${kind} ${place}: a fault of this program.`)
}
