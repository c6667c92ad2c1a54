import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'
import { npmInstall } from './npm-install.ts'
import { names, type PackageName, repository } from './published.ts'
import { finished } from './run-program.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Outside the repository: nothing of the workspace can be found from here. */
    scratch: string
    tarballs: Record<PackageName, string>
    /** The folder of a `node` of the oldest line that the packages promise to run on. */
    node22: string
  }
}

/** What the `node` package of the registry would fetch in its install script. */
const node22 = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
const node22Version = '22.23.3'

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** Packs each package once, and brings the Node that runs what is installed. */
export default async function packed({ provide }: TestProject): Promise<() => Promise<void>> {
  const scratch = await mkdtemp(join(tmpdir(), 'countersign-packages-'))
  const node = join(scratch, 'node')
  const [tarballs] = await Promise.all([
    packAll(join(scratch, 'tarballs')),
    npmInstall(node, [`${node22}@${node22Version}`], process.env),
  ])
  provide('scratch', scratch)
  provide('tarballs', tarballs)
  provide('node22', join(node, 'node_modules', node22, 'bin'))
  return () => rm(scratch, { recursive: true, force: true })
}

/** Packs as the release does, with an address of a repository. */
async function packAll(destination: string): Promise<Record<PackageName, string>> {
  await finished('node', ['tools/pack/main.mjs', destination], {
    cwd: root,
    env: { ...process.env, REPOSITORY_URL: repository },
  })
  const files = await readdir(destination)
  const tarballs = names.map((name) => {
    const stem = name.replace('@', '').replace('/', '-')
    const file = files.find((one) => /^-\d/.test(one.slice(stem.length)) && one.startsWith(stem))
    if (file === undefined) throw new Error(`${name} was not packed.`)
    return [name, join(destination, file)]
  })
  return Object.fromEntries(tarballs)
}
