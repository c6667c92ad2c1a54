/**
 * `pnpm sizes`: how many bytes the packages add to a bundle of esbuild. Fails when it is larger,
 * minified and gzipped, than its bound in `size-bounds.ts`.
 */
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import Table from 'cli-table3'
import { type BuildOptions, build } from 'esbuild'
import { type SizedBundle, sizedBundles } from './size-bounds.ts'

const table = new Table({
  head: ['bundle', 'raw', 'minified', 'gzipped', 'goal', 'bound', 'minified bytes of', 'passed'],
  style: { head: [], border: [] },
  colAligns: ['left', ...Array<'right'>(5).fill('right'), 'left', 'left'],
})

for (const bundle of sizedBundles) {
  const { raw, minified, gzipped, packages } = await measureBundle(bundle)
  const isSmall = gzipped <= bundle.most
  if (!isSmall) process.exitCode = 1
  table.push([
    bundle.title,
    ...[raw, minified, gzipped, bundle.goal, bundle.most].map(format),
    packages.map(([name, bytes]) => `${name} ${format(bytes)}`).join('\n'),
    isSmall ? 'yes' : 'NO',
  ])
}
console.log(table.toString())

/** Bundles the code with all its imports into one file. */
async function measureBundle({ code, external }: SizedBundle) {
  const options = {
    stdin: { contents: code, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    external: [...external],
    // The path of a package of the workspace does not look like an installed one.
    logOverride: { 'ignored-bare-import': 'silent' },
    ...({
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      platform: 'neutral',
    } as const),
    ...({ target: 'es2023', legalComments: 'none' } as const),
  } satisfies BuildOptions
  const [raw, minified] = await Promise.all([build(options), build({ ...options, minify: true })])
  const [output] = Object.values(minified.metafile.outputs)
  const text = minified.outputFiles[0]?.contents ?? new Uint8Array()
  const bytes = new Map<string, number>()
  for (const [file, { bytesInOutput }] of Object.entries(output?.inputs ?? {})) {
    const name = packageOf(file)
    if (bytesInOutput > 0) bytes.set(name, (bytes.get(name) ?? 0) + bytesInOutput)
  }
  return {
    raw: raw.outputFiles[0]?.contents.length,
    minified: text.length,
    gzipped: gzipSync(text, { level: 9 }).length,
    packages: [...bytes].toSorted(([, a], [, b]) => b - a),
  }
}

/** esbuild names files by the targets of symbolic links. */
function packageOf(file: string): string {
  const installed = file.split('node_modules/').at(-1) ?? file
  return /^.*packages\/([\w-]+)\/dist\//.exec(file)?.[1] ?? installed.split('/')[0] ?? file
}

function format(bytes: number | undefined): string {
  return bytes?.toLocaleString('en') ?? ''
}
