import type { CountersignError, TokenEndpointError } from '@countersign/core'
import { CommanderError } from 'commander'
import { options } from './options.js'

/** Why a command ends without a result. The message contains no secret. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
  readonly code: string
  readonly exitCode: number
  /** Further causes, most likely first. */
  readonly hints: readonly string[]

  constructor(
    code: string,
    message: string,
    { exitCode = 1, hints = [] }: { exitCode?: number; hints?: readonly string[] } = {},
  ) {
    super(message)
    this.code = code
    this.exitCode = exitCode
    this.hints = hints
  }
}

/** Creates the failure for a wrong command line, or for a file or value that is missing. */
export function createUsageFailure(message: string, code = 'ERR_USAGE'): CommandFailure {
  return new CommandFailure(code, message, { exitCode: 2 })
}

/** Turns any thrown value into a failure that is safe to print. */
export async function createFailure(thrown: unknown): Promise<CommandFailure> {
  if (thrown instanceof CommandFailure) return thrown
  if (thrown instanceof CommanderError) return createUsageFailure(removeSecrets(thrown.message))
  const core = await import('@countersign/core')
  if (!core.isCountersignError(thrown)) return createUnexpectedFailure(thrown)
  const { code } = thrown
  // The words of the server may contain the name of an option, and stay as they are.
  const words = (thrown instanceof core.TokenEndpointError && thrown.errorDescription) || undefined
  const message =
    words === undefined
      ? nameFlags(thrown.message)
      : thrown.message.split(words).map(nameFlags).join(words)
  // The algorithm of a flag or variable is checked before, so this one is in the key.
  const isUsage = thrown instanceof core.ConfigurationError && code !== 'ERR_UNSUPPORTED_ALG'
  return new CommandFailure(code, message, {
    exitCode: isUsage ? 2 : 1,
    // A message may continue a sentence with a hint, in lower case.
    hints: [
      ...listHints(thrown).filter((hint) => !message.includes(hint.slice(1))),
      ...(thrown instanceof core.TokenEndpointError ? [describeSent(thrown)] : []),
    ],
  })
}

/** Describes the assertion of a rejected request, to compare it with what is registered. */
function describeSent({ sent }: TokenEndpointError): string {
  const { alg, kid = 'none', audience, lifetimeSeconds, thumbprint = 'unknown' } = sent
  return `Sent: alg ${alg}, kid ${kid}, aud ${audience}, lifetime ${lifetimeSeconds} s, thumbprint ${thumbprint}.`
}

type Advised = CountersignError & { hints?: readonly string[]; options?: readonly string[] }

/** Lists the hints of an error, and the flags to check that they do not name. */
export function listHints(error: Advised): readonly string[] {
  const { hints = [], options = [] } = error
  const named = hints.map(nameFlags)
  const flags = options.map((name) => nameFlags(`'${name}'`))
  const unnamed = flags.filter((flag) => !named.some((hint) => hint.includes(flag)))
  return unnamed.length === 0 ? named : [...named, `Check ${unnamed.join(' and ')}.`]
}

/** The flags by the names of the library's options. */
const flags = Object.entries({
  ...options,
  'assertion.audience': options.audience,
  'assertion.lifetimeSeconds': options.lifetime,
  'assertion.claims': options.claim,
})

/** Replaces the names of the library's options by the flags and variables to set. */
function nameFlags(text: string): string {
  return flags.reduce((named, [name, { long, envVar }]) => {
    const flag = envVar === undefined ? String(long) : `${long} (${envVar})`
    const quoted = named.replace(new RegExp(`(?:(?:[Tt]he )?[Oo]ption )?'${name}'`, 'g'), flag)
    return name.includes('.') ? quoted.replaceAll(name, flag) : quoted
  }, text)
}

/** A secret may be typed in the wrong place: Commander quotes what it rejects. */
function removeSecrets(message: string): string {
  return message
    .replace(/^error: /, '')
    .replace(/(Expected \d+ arguments? but got \d+).*$/s, '$1.')
    .replace(/(--[\w-]+)=[^']*/g, '$1=…')
    .replace(/'([^']*)'/gs, (quoted, value) => {
      // A line of a PEM is base64.
      const isSecret = findSecret(value) !== undefined || /[\w+/]{40,}/.test(value)
      return isSecret ? "'…'" : quoted
    })
    .replace(/\s*\n\s*/g, ' ')
}

/** The message of an unknown error may quote a file, so only its kind and place are printed. */
function createUnexpectedFailure(thrown: unknown): CommandFailure {
  const { name = 'value', code, stack = '' } = thrown as NodeJS.ErrnoException
  const kind = typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : name
  const place = /\/(packages|node_modules|dist)\/[^\s()]+:\d+/.exec(stack)?.[0]
  const where = place === undefined ? '' : ` at ${place}`
  return new CommandFailure(
    'ERR_UNEXPECTED',
    `Unexpected ${kind}${where}. This is a bug, please report it.`,
  )
}

/** @throws {CommandFailure} if a value of the command line is a secret. */
export function rejectSecret(value: string, place: string): void {
  const secret = findSecret(value)
  if (secret === undefined) return
  throw createUsageFailure(
    `${place} contains ${secret}. Other users and logs can see a command line, so treat it as disclosed.`,
    'ERR_SECRET_ON_COMMAND_LINE',
  )
}

function findSecret(text: string): string | undefined {
  if (/-----BEGIN |^\s*[{["']/.test(text) || /^\s*(MI|LS0t|ey)[\w+/-]{60,}=*\s*$/.test(text))
    return 'the text of a key'
  if (/eyJ[\w-]{8,}\.[\w-]+/.test(text)) return 'a token'
  return /[\n\r]/.test(text) ? 'more than one line' : undefined
}
