import { mkdir, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import process from 'node:process'
import { inject } from 'vitest'
import { type Ended, runCommand } from '../../support/run-program.ts'
import { isPackageName } from './published.ts'

/** A folder with packages that npm has installed, and nothing of the workspace. */
export interface Installation {
  readonly folder: string
  /** Writes files, by their paths in the folder. */
  write(files: Readonly<Record<string, string>>): Promise<void>
  /** Runs a command with these variables only. */
  run(command: string, options?: RunOptions): Promise<Ended>
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  /** @default '22', the oldest line that the packages support */
  readonly node?: '22' | '24'
}

/** Installs packages into a new folder of this name, those of the workspace from their tarballs. */
export async function installation(
  name: string,
  packages: readonly string[],
): Promise<Installation> {
  const folder = join(inject('scratch'), name)
  const tarballs = inject('tarballs')
  const PATH = [inject('node22'), process.env.PATH].join(delimiter)
  const wanted = packages.map((one) => (isPackageName(one) ? tarballs[one] : one))
  await npmInstall(folder, wanted, { ...process.env, PATH })
  const paths = { 22: PATH, 24: [dirname(process.execPath), process.env.PATH].join(delimiter) }
  return {
    folder,
    async write(files) {
      for (const [file, text] of Object.entries(files)) {
        await mkdir(dirname(join(folder, file)), { recursive: true })
        await writeFile(join(folder, file), text)
      }
    },
    run: (command, { env = {}, node = '22' } = {}) =>
      runCommand('sh', ['-c', command], {
        cwd: folder,
        // Tools keep their temporary files in the folder, which is removed.
        env: { PATH: paths[node], HOME: process.env.HOME, TMPDIR: folder, ...env },
      }),
  }
}

const quietly = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']

/** Installs packages, as names or files, into a new and empty folder. */
export async function npmInstall(
  folder: string,
  packages: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<void> {
  await mkdir(folder)
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n')
  await finished('npm', ['install', ...quietly, ...packages], { cwd: folder, env })
}

/** Runs a command. Throws with all its output unless it exits with 0. */
export async function finished(
  command: string,
  args: readonly string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv },
): Promise<string> {
  const { code, stdout, stderr } = await runCommand(command, args, options)
  if (code === 0) return stdout
  throw new Error(`'${command} ${args.join(' ')}' exited with ${code}.\n${stdout}${stderr}`)
}
