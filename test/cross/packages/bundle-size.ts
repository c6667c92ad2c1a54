import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { type BuildOptions, build } from 'esbuild'
import type { SizedBundle } from './size-bounds.ts'

export interface BundleSize {
  readonly raw: number
  readonly minified: number
  readonly gzipped: number
  /** Minified bytes of each package in it, the largest first. */
  readonly packages: readonly { readonly name: string; readonly bytes: number }[]
}

/** Bytes of one file with all that the code imports, as esbuild leaves them. */
export async function bundleSize({ code, external }: SizedBundle): Promise<BundleSize> {
  const options = {
    stdin: { contents: code, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    external: [...external],
    // By its path a package of the workspace is not known for an installed one.
    logOverride: { 'ignored-bare-import': 'silent' },
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2023',
    legalComments: 'none',
  } as const satisfies BuildOptions
  const [raw, minified] = await Promise.all([build(options), build({ ...options, minify: true })])
  const [output] = Object.values(minified.metafile.outputs)
  const text = minified.outputFiles[0]?.contents ?? new Uint8Array()
  return {
    raw: raw.outputFiles[0]?.contents.length ?? 0,
    minified: text.length,
    gzipped: gzipSync(text, { level: 9 }).length,
    packages: bytesByPackage(output?.inputs ?? {}),
  }
}

function bytesByPackage(inputs: Record<string, { bytesInOutput: number }>): BundleSize['packages'] {
  const bytes = new Map<string, number>()
  for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
    const name = packageOf(file)
    bytes.set(name, (bytes.get(name) ?? 0) + bytesInOutput)
  }
  return [...bytes]
    .filter(([, count]) => count > 0)
    .map(([name, count]) => ({ name, bytes: count }))
    .toSorted((a, b) => b.bytes - a.bytes)
}

/** esbuild names files by what a symbolic link leads to. */
function packageOf(file: string): string {
  const installed = file.split('node_modules/').at(-1) ?? file
  return /^.*packages\/([\w-]+)\/dist\//.exec(file)?.[1] ?? installed.split('/')[0] ?? file
}
