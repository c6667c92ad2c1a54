import { existsSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { createUsageFailure } from './command-failure.js'
import { readTextFile } from './files.js'
import { type Option, options, profiles } from './options.js'

type Variables = Readonly<Record<string, string | undefined>>

/** Where the values of a command come from. */
export interface Sources {
  /** The flags of the command line, by their attribute name. */
  readonly flags: Readonly<Record<string, unknown>>
  readonly environment: Variables
  readonly file: Variables
  /** Whether `--dotenv` names the file. The `.env` of a folder may come with a clone. */
  readonly isNamed: boolean
}

/** The values of a command: a flag overrides the environment, that `.env`, and that the profile. */
export type Settings = ReturnType<typeof createSettings>

export function createSettings({ flags, environment, file, isNamed }: Sources) {
  const profile = profiles[flag(options.profile) ?? '']
  /** Environment and `.env`, in this order. */
  const layers = [environment, file]
  return { profile, layers, has, flag, text, required, whole, list, variable, isFromUnnamedFile }

  function has(option: Option): boolean {
    return flags[option.attributeName()] === true
  }

  /** Returns the value of the flag alone. */
  function flag(option: Option): string | undefined {
    const given = flags[option.attributeName()]
    if (given === '') throw createUsageFailure(`${option.long} is empty.`)
    return typeof given === 'string' ? given : undefined
  }

  function text(option: Option): string | undefined {
    const given = flag(option)
    if (given !== undefined) return given
    const isEndpoint = option === options.tokenEndpoint
    const isPreset = isEndpoint || option === options.audience
    const isSkipped = profile !== undefined && isPreset && isFromUnnamedFile(option)
    const set = option.envVar && !isSkipped ? variable(option.envVar) : undefined
    return set ?? (isEndpoint ? profile?.tokenEndpoint : undefined)
  }

  /** Whether the value is from a `.env` that `--dotenv` does not name. */
  function isFromUnnamedFile(option: Option): boolean {
    if (isNamed || option.envVar === undefined || flag(option) !== undefined) return false
    return !environment[option.envVar] && Boolean(file[option.envVar])
  }

  function required(option: Option): string {
    const given = text(option)
    if (given === undefined) throw createUsageFailure(describeMissing(option))
    return given
  }

  function whole(option: Option, [least, most]: readonly [number, number]): number | undefined {
    const given = flag(option)
    if (given === undefined) return undefined
    if (/^\d{1,9}$/.test(given) && Number(given) >= least && Number(given) <= most)
      return Number(given)
    throw createUsageFailure(
      `${option.long} must be a whole number of seconds from ${least} to ${most}.`,
    )
  }

  function list(option: Option): readonly string[] {
    const given = flags[option.attributeName()]
    return Array.isArray(given) ? given : []
  }

  function variable(name: string): string | undefined {
    return environment[name] || file[name] || undefined
  }
}

export function describeMissing({ long, envVar }: Option): string {
  return `${long}${envVar ? ` (or ${envVar})` : ''} is missing.`
}

/** Reads the variables of the named file, or of `.env` if it exists. */
export async function readVariables(named: unknown): Promise<Variables> {
  if (typeof named === 'string') return parseEnv(await readTextFile(named, '--dotenv'))
  return existsSync('.env') ? parseEnv(await readTextFile('.env', '.env')) : {}
}
