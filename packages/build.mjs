/**
 * Writes the JavaScript that the compiler does not: core's ES modules, a file for each entry point
 * and the chunks they share, and the CommonJS build of every package that has one. Run it after
 * `tsc -b packages`, which writes the declarations and the other ES modules.
 */
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, transform } from 'esbuild'

const shared = {
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'neutral',
  target: 'es2023',
  chunkNames: 'shared-[hash]',
  logLevel: 'warning',
}

await buildModules('core')
for (const name of ['core', 'axios-interceptor', 'redis-store', 'opentelemetry', 'testing', 'cli'])
  await buildCommonJs(name)

/** A process that starts loads a few files instead of eighty. */
async function buildModules(name) {
  const folder = join(import.meta.dirname, name)
  // Chunk names change with their content.
  remove(folder, 'dist/**/*.{js,js.map}')
  await build({
    ...shared,
    absWorkingDir: folder,
    entryPoints: entryPoints(folder),
    outdir: 'dist',
    packages: 'external',
    sourcemap: true,
    sourcesContent: false,
  })
}

/**
 * Bundles what CommonJS cannot load, since jose and p-memoize are ES modules only. esbuild splits ES
 * modules only, and the entry points must share one copy of each class: it splits them as ES modules,
 * then translates each file.
 */
async function buildCommonJs(name) {
  const folder = join(import.meta.dirname, name)
  remove(folder, 'dist/**/*.{cjs,d.cts}')
  const { peerDependencies = {} } = manifestOf(folder)
  const { outputFiles, metafile } = await build({
    ...shared,
    absWorkingDir: folder,
    entryPoints: entryPoints(folder),
    outdir: 'dist',
    mainFields: ['module', 'main'],
    conditions: ['import'],
    external: ['@countersign/*', ...Object.keys(peerDependencies), 'node:*'],
    write: false,
    metafile: true,
  })
  for (const { path, text } of outputFiles) {
    // Platform 'node' adds the hint by which `import { x } from` finds the names.
    const { code } = await transform(text, { format: 'cjs', target: 'es2023', platform: 'node' })
    writeFileSync(
      path.replace(/\.js$/, '.cjs'),
      code.replace(/require\("(\.\/[^"]+)\.js"\)/g, 'require("$1.cjs")'),
    )
  }
  for (const file of globSync('dist/**/*.d.ts', { cwd: folder })) {
    const text = readFileSync(join(folder, file), 'utf8')
    writeFileSync(
      join(folder, file.replace(/\.ts$/, '.cts')),
      text
        .replace(/((?:from|import\(?) ?['"]\.[^'"]*)\.js(['"])/g, '$1.cjs$2')
        .replace(/^\/\/# sourceMappingURL=.*\n?/m, ''),
    )
  }
  writeNotices(folder, Object.keys(metafile.inputs))
}

/** The licences of the packages whose code is in the CommonJS build. */
function writeNotices(folder, inputs) {
  const packages = new Set(
    inputs.flatMap((input) => input.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/) ?? []),
  )
  const notices = [...packages].sort().map((path) => {
    const bundled = join(folder, path)
    const { name, version, license } = manifestOf(bundled)
    const [file] = globSync('{licen[cs]e,LICEN[CS]E}{,.md,.txt}', { cwd: bundled })
    if (file === undefined) throw new Error(`${name} has no licence file.`)
    const text = readFileSync(join(bundled, file), 'utf8').trim()
    return `${name} ${version} (${license})\n\n${text}\n`
  })
  const file = join(folder, 'dist/THIRD-PARTY-NOTICES')
  rmSync(file, { force: true })
  if (notices.length === 0) return
  writeFileSync(
    file,
    `The CommonJS build of this package contains code of these packages.\n\n${notices.join('\n---\n\n')}`,
  )
}

function entryPoints(folder) {
  return Object.values(manifestOf(folder).exports).map((entry) =>
    entry.import.default.replace(/^\.\/dist\/(.+)\.js$/, 'src/$1.ts'),
  )
}

function manifestOf(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}

function remove(folder, pattern) {
  for (const file of globSync(pattern, { cwd: folder })) rmSync(join(folder, file))
}
