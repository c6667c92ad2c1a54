import { mkdir, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import process from 'node:process'
import { inject } from 'vitest'
import { npmInstall } from './npm-install.ts'
import { isPackageName } from './published.ts'
import { type Ended, run } from './run-program.ts'

/** A folder with packages that plain npm has installed, and nothing of the workspace. */
export interface Installation {
  readonly folder: string
  /** Writes files, by their paths in the folder. */
  write(files: Readonly<Record<string, string>>): Promise<void>
  /** Runs a command on Node 22, with nothing but these variables. */
  run(command: string, env?: Record<string, string>): Promise<Ended>
}

/** Installs packages into a new folder of this name, ours from their tarballs. */
export async function installation(
  name: string,
  packages: readonly string[],
): Promise<Installation> {
  const folder = join(inject('scratch'), name)
  const tarballs = inject('tarballs')
  const PATH = [inject('node22'), process.env.PATH].join(delimiter)
  const wanted = packages.map((one) => (isPackageName(one) ? tarballs[one] : one))
  await npmInstall(folder, wanted, { ...process.env, PATH })
  return {
    folder,
    async write(files) {
      for (const [file, text] of Object.entries(files)) {
        await mkdir(dirname(join(folder, file)), { recursive: true })
        await writeFile(join(folder, file), text)
      }
    },
    run: (command, env = {}) =>
      run('sh', ['-c', command], {
        cwd: folder,
        // What a tool keeps goes with the folder.
        env: { PATH, HOME: process.env.HOME, TMPDIR: folder, ...env },
      }),
  }
}
