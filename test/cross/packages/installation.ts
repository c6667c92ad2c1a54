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
  /** Runs a command with nothing but these variables. */
  run(command: string, options?: RunOptions): Promise<Ended>
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  /** @default '22', the oldest line that the packages support */
  readonly node?: '22' | '24'
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
    run: (command, { env = {}, node = '22' } = {}) =>
      run('sh', ['-c', command], {
        cwd: folder,
        env: {
          PATH:
            node === '22' ? PATH : [dirname(process.execPath), process.env.PATH].join(delimiter),
          HOME: process.env.HOME,
          // What a tool keeps goes with the folder.
          TMPDIR: folder,
          ...env,
        },
      }),
  }
}
