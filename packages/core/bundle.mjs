/**
 * Writes the JavaScript of `dist`: a file for each entry point, and what they share beside it. A
 * process that starts loads a few files in place of eighty. The declarations are the compiler's.
 */
import { globSync, rmSync } from 'node:fs'
import { build } from 'esbuild'
import manifest from './package.json' with { type: 'json' }

const folder = import.meta.dirname
const entryPoints = Object.values(manifest.exports).map((entry) =>
  entry.default.replace(/^\.\/dist\/(.+)\.js$/, 'src/$1.ts'),
)

// Under names that change with their content, or from before.
for (const file of globSync('dist/**/*.{js,js.map}', { cwd: folder })) rmSync(`${folder}/${file}`)

await build({
  absWorkingDir: folder,
  entryPoints,
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'neutral',
  target: 'es2023',
  packages: 'external',
  chunkNames: 'shared-[hash]',
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
})
