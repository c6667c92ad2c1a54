import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { CommandFailure, misused } from './command-failure.js'
import { secretVariables } from './common-options.js'
import type { Settings } from './settings.js'

/** From the environment, else asked for on the terminal: once for each prompt. */
export async function passphrase(
  settings: Settings,
  prompts: readonly [string, ...string[]],
): Promise<readonly string[]> {
  const set = settings.variable(secretVariables.passphrase)
  if (set !== undefined) return prompts.map(() => set)
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw misused(
      `--passphrase asks on a terminal, and there is none: set ${secretVariables.passphrase}.`,
    )
  }
  return asked(prompts)
}

/** Nothing that is typed is shown: the terminal is in raw mode before the prompt is there. */
async function asked(prompts: readonly string[]): Promise<readonly string[]> {
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
      if (done) throw new CommandFailure('ERR_INTERRUPTED', 'No passphrase was given.', 130)
      if (value === '') throw misused('The passphrase is empty.')
      answers.push(value)
    }
  } finally {
    lines.close()
  }
  return answers
}
