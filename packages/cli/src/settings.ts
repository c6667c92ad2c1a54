import { parseEnv } from 'node:util'
import { misused } from './command-failure.js'
import { commonOptions as options } from './common-options.js'
import type { OptionDefinition } from './option-definition.js'
import { type Profile, profiles } from './profiles.js'
import { readTextFile } from './text-file.js'

type Variables = Readonly<Record<string, string | undefined>>

/** What a command was told: by a flag, else by the environment, else by `.env`, else by the profile. */
export interface Settings {
  readonly profile: Profile | undefined
  /** Environment and `.env`, in this order. */
  readonly layers: readonly Variables[]
  has(option: OptionDefinition): boolean
  /** By flag alone. */
  flag(option: OptionDefinition): string | undefined
  text(option: OptionDefinition): string | undefined
  required(option: OptionDefinition): string
  whole(option: OptionDefinition): number | undefined
  list(option: OptionDefinition): readonly string[]
  variable(name: string): string | undefined
  /** Whether the value is that of `.env` in the working folder, which nobody named. */
  isFromUnnamedFile(option: OptionDefinition): boolean
}

/** What flags say, by the name of the option. */
export type Flags = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

/** Where variables come from. */
export interface VariableSources {
  readonly environment: Variables
  readonly file: Variables
  /** Whether `--dotenv` named the file; the one of the working folder may be anybody's. */
  readonly isNamed: boolean
}

export function createSettings(
  flags: Flags,
  { environment, file, isNamed }: VariableSources,
): Settings {
  const layers = [environment, file]
  const profile = profileOf(flag(options.profile))
  return { profile, layers, has, flag, text, required, whole, list, variable, isFromUnnamedFile }

  function has({ name }: OptionDefinition): boolean {
    return flags[name] === true
  }

  function flag({ name }: OptionDefinition): string | undefined {
    const given = flags[name]
    if (given === '') throw misused(`--${name} is empty.`)
    return typeof given === 'string' ? given : undefined
  }

  function text(option: OptionDefinition): string | undefined {
    const given = flag(option)
    if (given !== undefined) return given
    const isPreset = option === options.tokenEndpoint || option === options.audience
    if (profile !== undefined && isPreset && isFromUnnamedFile(option))
      return option === options.tokenEndpoint ? profile.tokenEndpoint : undefined
    const set = option.env === undefined ? undefined : variable(option.env)
    if (set === undefined) return option === options.tokenEndpoint ? profile?.tokenEndpoint : set
    if (option.choices?.includes(set) === false)
      throw misused(`${option.env} must be one of ${option.choices.join(', ')}.`)
    return set
  }

  function isFromUnnamedFile(option: OptionDefinition): boolean {
    if (isNamed || option.env === undefined || flag(option) !== undefined) return false
    return !environment[option.env] && Boolean(file[option.env])
  }

  function required(option: OptionDefinition): string {
    const given = text(option)
    if (given !== undefined) return given
    throw misused(missing(option))
  }

  function whole(option: OptionDefinition): number | undefined {
    const given = text(option)
    if (given === undefined || /^\d{1,9}$/.test(given))
      return given === undefined ? given : Number(given)
    throw misused(`--${option.name} must be a whole number.`)
  }

  function list({ name }: OptionDefinition): readonly string[] {
    const given = flags[name]
    return Array.isArray(given) ? given : []
  }

  function variable(name: string): string | undefined {
    return layers.map((layer) => layer[name]).find((value) => value !== undefined && value !== '')
  }
}

export function missing({ name, env }: OptionDefinition): string {
  return `--${name}${env ? ` (or ${env})` : ''} is missing.`
}

/** The variables of the file that was named, else of `.env` where there is one. */
export async function readVariables(named: string | undefined): Promise<Variables> {
  if (named !== undefined) return parseEnv(await readTextFile(named, '--dotenv'))
  try {
    return parseEnv(await readTextFile('.env', '.env'))
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_FILE_NOT_FOUND') return {}
    throw error
  }
}

function profileOf(name: string | undefined): Profile | undefined {
  return name !== undefined && Object.hasOwn(profiles, name) ? profiles[name] : undefined
}
