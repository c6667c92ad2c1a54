import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { finished } from './run-program.ts'

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
