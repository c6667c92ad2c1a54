import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { CommandFailure, createUsageFailure } from './command-failure.js'
import { readTextFile } from './files.js'
import { options, secretVariables } from './options.js'
import type { Settings } from './settings.js'

/** A private key as it was found; core reads it. */
export interface PrivateKeyText {
  readonly key: string
  readonly passphrase?: string
}

const fileVariable = String(options.key.envVar)

export const noPrivateKey = `No private key. Pass --key, or set ${secretVariables.key} or ${fileVariable}. countersign keygen creates one.`

/** Reads the private key of the flag, the environment or `.env`, in this order. */
export async function readPrivateKey(settings: Settings): Promise<PrivateKeyText> {
  const path = settings.readFlag(options.key)
  if (path !== undefined) return readKeyFile(path, '--key', settings)
  const layer = settings.layers.find((one) => one[secretVariables.key] || one[fileVariable])
  if (layer === undefined) throw createUsageFailure(noPrivateKey)
  const { [secretVariables.key]: key, [fileVariable]: file } = layer
  if (key && file)
    throw createUsageFailure(
      `${secretVariables.key} and ${fileVariable} are mutually exclusive. Unset one.`,
    )
  if (file) return readKeyFile(file, fileVariable, settings)
  if (key && !existsSync(key)) return addPassphrase(key, settings)
  throw createUsageFailure(
    `${secretVariables.key} must be the text of the key, not a path. Pass the path with --key or ${fileVariable}.`,
  )
}

/** Whether a key is configured, readable or not. */
export function hasPrivateKey(settings: Settings): boolean {
  const isSet = [secretVariables.key, fileVariable].some((name) => settings.readVariable(name))
  return isSet || settings.readFlag(options.key) !== undefined
}

export async function readKeyFile(
  path: string,
  source: string,
  settings: Settings,
): Promise<PrivateKeyText> {
  return addPassphrase(await readTextFile(path, source), settings)
}

async function addPassphrase(key: string, settings: Settings): Promise<PrivateKeyText> {
  const isEncrypted = key.includes('BEGIN ENCRYPTED PRIVATE KEY')
  const set = settings.readVariable(secretVariables.passphrase)
  if (settings.hasFlag(options.passphrase)) {
    const [passphrase = ''] = await readPassphrase(settings, ['Passphrase of the private key: '])
    return { key, passphrase }
  }
  if (set !== undefined) return { key, passphrase: set }
  if (!isEncrypted) return { key }
  throw createUsageFailure(
    `The private key is encrypted. Pass --passphrase or set ${secretVariables.passphrase}.`,
  )
}

/** Reads the passphrase from the environment, or asks for each prompt on the terminal. */
export async function readPassphrase(
  settings: Settings,
  prompts: readonly string[],
): Promise<readonly string[]> {
  const set = settings.readVariable(secretVariables.passphrase)
  if (set !== undefined) return prompts.map(() => set)
  if (process.stdin.isTTY && process.stderr.isTTY) return ask(prompts)
  throw createUsageFailure(
    `--passphrase needs a terminal to ask. Set ${secretVariables.passphrase} instead.`,
  )
}

/** Shows nothing of what is typed: the terminal is in raw mode before the prompt appears. */
async function ask(prompts: readonly string[]): Promise<readonly string[]> {
  const output = new Writable({ write: (_, __, done) => done() })
  const lines = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 })
  const typed = lines[Symbol.asyncIterator]()
  lines.on('SIGINT', () => lines.close())
  const answers: string[] = []
  try {
    for (const prompt of prompts) {
      process.stderr.write(prompt)
      const { done, value } = await typed.next()
      process.stderr.write('\n')
      if (done)
        throw new CommandFailure('ERR_INTERRUPTED', 'No passphrase was entered.', { exitCode: 130 })
      if (value === '') throw createUsageFailure('The passphrase is empty.')
      answers.push(value)
    }
  } finally {
    lines.close()
  }
  return answers
}
