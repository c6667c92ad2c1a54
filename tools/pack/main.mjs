/**
 * Packs every package into a folder: `node tools/pack/main.mjs <folder> <pnpm command …>`. Writes
 * the addresses of `repository.json`, or of `REPOSITORY_URL`, into what is packed.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { absoluteLinks, withAddresses } from './addresses.mjs'

const root = join(import.meta.dirname, '../..')
const [folder = 'tarballs', ...pnpm] = process.argv.slice(2)
const [command, ...args] = pnpm.length > 0 ? pnpm : ['npx', '--yes', 'pnpm@12']
const destination = resolve(folder)
const addresses = readAddresses()

run(command, [...args, '-r', '--filter', './packages/*', 'pack', '--pack-destination', destination])
if (addresses.repository !== '') for (const file of tarballs()) rewriteTarball(file)

function readAddresses() {
  const given = process.env.REPOSITORY_URL
  if (given !== undefined) return { homepage: given, repository: given }
  return JSON.parse(readFileSync(join(root, 'repository.json'), 'utf8'))
}

function tarballs() {
  return readdirSync(destination).filter((file) => file.endsWith('.tgz'))
}

/** Unpacks the tarball, because the working tree must not change while tests read it. */
function rewriteTarball(file) {
  const scratch = mkdtempSync(join(tmpdir(), 'countersign-pack-'))
  try {
    run('tar', ['-xzf', join(destination, file), '-C', scratch])
    const content = join(scratch, 'package')
    const manifest = JSON.parse(readFileSync(join(content, 'package.json'), 'utf8'))
    const directory = directoryOf(manifest.name)
    const written = withAddresses(manifest, directory, addresses)
    writeFileSync(join(content, 'package.json'), `${JSON.stringify(written, null, 2)}\n`)
    const readme = readFileSync(join(content, 'README.md'), 'utf8')
    const base = `${addresses.repository}/blob/v${manifest.version}/${directory}/`
    writeFileSync(join(content, 'README.md'), absoluteLinks(readme, base))
    run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', destination, content])
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

function directoryOf(name) {
  const folders = readdirSync(join(root, 'packages')).filter((entry) => !entry.includes('.'))
  const nameOf = (entry) =>
    JSON.parse(readFileSync(join(root, 'packages', entry, 'package.json'), 'utf8')).name
  return `packages/${folders.find((entry) => nameOf(entry) === name)}`
}

function run(program, words) {
  mkdirSync(destination, { recursive: true })
  execFileSync(program, words, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
}
