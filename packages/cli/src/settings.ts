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

/** The values that a flag accepts. */
interface NumberRange {
  readonly from: number
  readonly to: number
  readonly unit?: 'seconds'
}

/** The values of a command: a flag overrides the environment, that `.env`, and that the profile. */
export type Settings = ReturnType<typeof createSettings>

export function createSettings({ flags, environment, file, isNamed }: Sources) {
  const profile = profiles[String(flags[options.profile.attributeName()])]
  const settings = {
    profile,
    /** Environment and `.env`, in this order. */
    layers: [environment, file],
    hasFlag: (option: Option): boolean => flags[option.attributeName()] === true,

    /** Returns the value of the flag alone. */
    readFlag(option: Option): string | undefined {
      const given = flags[option.attributeName()]
      if (given === '') throw createUsageFailure(`${option.long} is empty.`)
      return typeof given === 'string' ? given : undefined
    },

    readText(option: Option): string | undefined {
      const given = settings.readFlag(option)
      if (given !== undefined) return given
      const isEndpoint = option === options.tokenEndpoint
      const isPreset = isEndpoint || option === options.audience
      const isSkipped = profile !== undefined && isPreset && settings.isFromUnnamedFile(option)
      const set = option.envVar && !isSkipped ? settings.readVariable(option.envVar) : undefined
      return set ?? (isEndpoint ? profile?.tokenEndpoint : undefined)
    },

    /** Whether the value is from a `.env` that `--dotenv` does not name. */
    isFromUnnamedFile(option: Option): boolean {
      if (isNamed || option.envVar === undefined || settings.readFlag(option) !== undefined)
        return false
      return !environment[option.envVar] && Boolean(file[option.envVar])
    },

    requireText(option: Option): string {
      const given = settings.readText(option)
      if (given === undefined) throw createUsageFailure(describeMissing(option))
      return given
    },

    readWholeNumber(option: Option, { from, to, unit }: NumberRange): number | undefined {
      const given = settings.readFlag(option)
      if (given === undefined) return undefined
      const number = Number(given)
      if (/^\d{1,9}$/.test(given) && number >= from && number <= to) return number
      const what = unit === undefined ? 'whole number' : `whole number of ${unit}`
      throw createUsageFailure(`${option.long} must be a ${what} from ${from} to ${to}.`)
    },

    /** Returns the values of a flag that may be repeated. */
    readList(option: Option): readonly string[] {
      return [flags[option.attributeName()]].flat().filter((value) => typeof value === 'string')
    },

    readVariable: (name: string): string | undefined =>
      environment[name] || file[name] || undefined,
  }
  return settings
}

export function describeMissing({ long, envVar }: Option): string {
  return `${long}${envVar ? ` (or ${envVar})` : ''} is missing.`
}

/** Reads the variables of the named file, or of `.env` if it exists. */
export async function readVariables(named: unknown): Promise<Variables> {
  if (typeof named === 'string') return parseEnv(await readTextFile(named, '--dotenv'))
  return existsSync('.env') ? parseEnv(await readTextFile('.env', '.env')) : {}
}
