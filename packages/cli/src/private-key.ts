import { existsSync } from 'node:fs'
import { misused } from './command-failure.js'
import { commonOptions as options, secretVariables } from './common-options.js'
import { passphrase } from './passphrase.js'
import type { Settings } from './settings.js'
import { readTextOrStdin } from './text-file.js'

/** A private key as it was found, for the core to read. */
export interface PrivateKeyText {
  readonly key: string
  readonly passphrase: string | undefined
}

/** The private key that flag, environment or `.env` name, in this order. */
export async function privateKey(settings: Settings): Promise<PrivateKeyText> {
  const path = settings.flag(options.key)
  if (path !== undefined) return keyFile(path, '--key', settings)
  for (const layer of settings.layers) {
    const [key, file] = [layer[secretVariables.key] || undefined, layer[options.key.env]]
    if (key !== undefined && file)
      throw misused(`${secretVariables.key} and ${options.key.env} are both set: leave one out.`)
    if (key !== undefined && existsSync(key))
      throw misused(
        `${secretVariables.key} must be the text of the key, and is a path: set ${options.key.env} or --key to it.`,
      )
    if (key !== undefined) return withPassphrase(key, settings)
    if (file) return keyFile(file, options.key.env, settings)
  }
  throw misused(noPrivateKey)
}

export const noPrivateKey = `No private key: give its file with --key, or set ${secretVariables.key} or ${options.key.env}. countersign keygen makes one.`

/** Whether one is named, readable or not. */
export function hasPrivateKey(settings: Settings): boolean {
  const variables = [secretVariables.key, options.key.env]
  return (
    settings.flag(options.key) !== undefined ||
    variables.some((name) => settings.variable(name) !== undefined)
  )
}

/** The key of a file; `option` is what named the file. */
export async function keyFile(
  path: string,
  option: string,
  settings: Settings,
): Promise<PrivateKeyText> {
  return withPassphrase(await readTextOrStdin(path, option), settings)
}

async function withPassphrase(key: string, settings: Settings): Promise<PrivateKeyText> {
  if (settings.has(options.passphrase)) {
    const [given] = await passphrase(settings, ['Passphrase of the private key: '])
    return { key, passphrase: given }
  }
  const set = settings.variable(secretVariables.passphrase)
  if (set === undefined && key.includes('BEGIN ENCRYPTED PRIVATE KEY')) {
    throw misused(
      `The private key is encrypted: give --passphrase to be asked, or set ${secretVariables.passphrase}.`,
    )
  }
  return { key, passphrase: set }
}
