import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { AuthorizationServerOptions } from '@countersign/testing'
import { onTestFinished } from 'vitest'
import { clientKey } from '../support/keys.ts'
import type { Ended } from '../support/run-program.ts'
import { startAuthorization } from '../support/world.ts'

export const main = fileURLToPath(new URL('../../packages/cli/dist/bin.js', import.meta.url))

/** Selects the mutant in the command's process while Stryker runs the tests. */
const activeMutant = process.env.__STRYKER_ACTIVE_MUTANT__
const mutant = activeMutant === undefined ? {} : { __STRYKER_ACTIVE_MUTANT__: activeMutant }

export type { Ended }

export interface Surroundings {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** What comes from stdin; nothing when left out. */
  readonly stdin?: string
}

/** The command in a process of its own, in pipes, with nothing but this environment. */
export async function countersign(
  args: readonly string[],
  { cwd, env = {}, stdin = '' }: Surroundings,
): Promise<Ended> {
  const child = spawn(process.execPath, [main, ...args], { cwd, env: { ...mutant, ...env } })
  child.stdin.on('error', ignoreClosed).end(stdin)
  const closed = once(child, 'close')
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = (await closed) as [number | null]
  return { code, stdout, stderr }
}

/** The answer to type when the prompt appears. */
export type Typed = readonly [prompt: string, answer: string]

/** The command on a pseudo-terminal, by `script` of util-linux; stdout and stderr are one screen. */
export async function onTerminal(
  args: readonly string[],
  { cwd, env = {}, typed = [] }: Omit<Surroundings, 'stdin'> & { typed?: readonly Typed[] },
): Promise<{ code: number | null; screen: string }> {
  const line = [process.execPath, main, ...args].map(shellQuoted).join(' ')
  const child = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
    cwd,
    env: { PATH: process.env.PATH, SHELL: '/bin/sh', TERM: 'xterm', ...env },
  })
  let screen = ''
  let asked = 0
  let read = 0
  child.stdin.on('error', ignoreClosed)
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      screen += chunk
      const [prompt, answer] = typed[asked] ?? []
      const at = prompt === undefined ? -1 : screen.indexOf(prompt, read)
      if (prompt === undefined || at < 0) return
      read = at + prompt.length
      asked += 1
      child.stdin.write(`${answer}\r`)
    })
  }
  const [code] = (await once(child, 'close')) as [number | null]
  child.stdin.destroy()
  return { code, screen: screen.replaceAll('\r\n', '\n') }
}

/** Creates a folder with these files. It is removed at the end of the test. */
export async function scratchFolder(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'countersign-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text)
  return path
}

/** Starts a server that knows the client, whose key is in the file `key.pem` of a folder. */
export async function startClient(options: AuthorizationServerOptions = {}) {
  const { server } = await startAuthorization(options)
  const cwd = await scratchFolder({ 'key.pem': clientKey.pem })
  return { server, cwd, env: { CLIENT_ID: 'client', TOKEN_ENDPOINT: server.tokenEndpoint } }
}

/** Returns the private key of the client in encrypted PEM. */
export function encryptedPem(passphrase: string): string {
  const format = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase } as const
  return String(clientKey.privateKey.export(format))
}

/** Reads a page of the documentation. */
export function readPage(path: string): Promise<string> {
  return readFile(new URL(`../../docs/${path}`, import.meta.url), 'utf8')
}

/** Describes the end of a command that failed with this message alone. */
export function failure(message: string, code = 2): Ended {
  return { code, stdout: '', stderr: `error: ${message}\n` }
}

/** The one JSON document on stdout. */
export function documentOf<T = Record<string, unknown>>({ stdout }: Ended): T {
  return JSON.parse(stdout) as T
}

function shellQuoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}

/** A command that never asks may end before it was given its stdin. */
function ignoreClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}
