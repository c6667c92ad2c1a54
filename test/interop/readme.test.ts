import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = new URL('../../', import.meta.url)
const folder = new URL('test/.report/readme/', root)
const tsc = fileURLToPath(new URL('node_modules/.bin/tsc', root))

/** Inside test/, so that the packages and the types of Node resolve as they do for a test. */
const tsconfig = {
  compilerOptions: {
    target: 'es2023',
    lib: ['es2023', 'esnext.disposable'],
    module: 'nodenext',
    moduleResolution: 'nodenext',
    moduleDetection: 'force',
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    noEmit: true,
  },
  include: ['*.ts'],
}

test('every TypeScript block of the README compiles strictly as it stands', async () => {
  const readme = await readFile(new URL('README.md', root), 'utf8')
  const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, block = '']) => block)
  expect(blocks.length).toBeGreaterThan(0)
  expect(blocks).toHaveLength(readme.match(/^\s*```(?:ts|typescript)\b/gm)?.length ?? 0)

  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await writeFile(new URL('tsconfig.json', folder), JSON.stringify(tsconfig, null, 2))
  for (const [index, block] of blocks.entries()) {
    await writeFile(new URL(`block-${index + 1}.ts`, folder), block)
  }

  expect(await typeCheck()).toEqual({ code: 0, output: '' })
}, 60_000)

async function typeCheck(): Promise<{ code: number | null; output: string }> {
  const child = spawn(tsc, ['-p', fileURLToPath(folder), '--pretty', 'false'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const closed = once(child, 'close')
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = (await closed) as [number | null]
  return { code, output: stdout + stderr }
}
