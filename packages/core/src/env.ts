import { ConfigurationError } from './errors.js'
import type { Algorithm } from './keys/algorithms.js'
import { readOptions } from './options.js'
import type { TokenProviderOptions } from './token-provider-options.js'

/** @inline */
type Variables = Readonly<Record<string, string | undefined>>

/** @inline */
type EnvOptions = Pick<
  TokenProviderOptions,
  | ('clientId' | 'tokenEndpoint' | 'key' | 'passphrase' | 'alg' | 'kid')
  | ('assertion' | 'scope' | 'resource')
>

/**
 * Reads options of `createTokenProvider` from environment variables: `CLIENT_ID`, `TOKEN_ENDPOINT`,
 * `PRIVATE_KEY` or `PRIVATE_KEY_FILE`, `PRIVATE_KEY_PASSPHRASE`, `ALG`, `KID`, `AUDIENCE`, `SCOPE` and
 * `RESOURCE` (URIs separated by spaces). The command `countersign` reads the same variables. An
 * empty variable counts as absent.
 *
 * @param options.prefix - The first part of each name, such as `BANK_`. `@default` none
 * @param options.env - The variables. `@default process.env`
 * @returns the options, to spread into those of `createTokenProvider`. A file is read now.
 * @throws {ConfigurationError} if both variables of the key are set, or the file cannot be read.
 * @example
 * ```ts
 * const tokens = createTokenProvider({ ...optionsFromEnv(), onEvent })
 * ```
 */
export function optionsFromEnv(
  options: { prefix?: string | undefined; env?: Variables | undefined } = {},
): EnvOptions {
  const { prefix, env } = readOptions(options, {
    prefix: (value = '') => String(value),
    env: (value = globalThis.process?.env ?? {}) => value as Variables,
  })
  const read = (name: string) => env[`${prefix}${name}`] || undefined
  const audience = read('AUDIENCE')
  return {
    clientId: read('CLIENT_ID'),
    tokenEndpoint: read('TOKEN_ENDPOINT'),
    key: readKey(read, prefix),
    passphrase: read('PRIVATE_KEY_PASSPHRASE'),
    // createTokenProvider checks it.
    alg: read('ALG') as Algorithm | undefined,
    kid: read('KID'),
    assertion: audience === undefined ? undefined : { audience },
    scope: read('SCOPE'),
    resource: read('RESOURCE')?.split(/\s+/),
  }
}

function readKey(read: (name: string) => string | undefined, prefix: string) {
  const [key, file] = [read('PRIVATE_KEY'), read('PRIVATE_KEY_FILE')]
  if (file === undefined) return key
  const variable = `${prefix}PRIVATE_KEY_FILE`
  const fail = (what: string) => {
    const message = `Environment variable '${variable}' ${what}.`
    return new ConfigurationError('ERR_INVALID_OPTION', message, variable)
  }
  if (key !== undefined)
    throw fail(`and '${prefix}PRIVATE_KEY' are mutually exclusive: unset one of them`)
  if (file.includes('-----BEGIN'))
    throw fail(`contains a key in place of a path: set '${prefix}PRIVATE_KEY' instead`)
  // An import would keep bundles from running on platforms without files.
  const fs = globalThis.process?.getBuiltinModule?.('node:fs')
  if (fs === undefined) throw fail(`needs a runtime with files: set '${prefix}PRIVATE_KEY' instead`)
  try {
    return fs.readFileSync(file)
  } catch (error) {
    const { code } = error as { code?: string }
    throw fail(`names a file that cannot be read (${code}): check the path and its permissions`)
  }
}
