/**
 * `pnpm sizes`: how many bytes the packages bring into a bundle, by esbuild. Fails when there are
 * more, minified and gzipped, than `size-bounds.ts` says.
 */
import process from 'node:process'
import Table from 'cli-table3'
import { bundleSize } from './bundle-size.ts'
import { sizedBundles } from './size-bounds.ts'

const table = new Table({
  head: ['bundle', 'raw', 'minified', 'gzipped', 'goal', 'bound', 'minified bytes of', 'passed'],
  style: { head: [], border: [] },
  colAligns: ['left', ...Array<'right'>(5).fill('right'), 'left', 'left'],
})

for (const bundle of sizedBundles) {
  const { raw, minified, gzipped, packages } = await bundleSize(bundle)
  const isGood = gzipped <= bundle.most
  if (!isGood) process.exitCode = 1
  table.push([
    bundle.title,
    ...[raw, minified, gzipped, bundle.goal, bundle.most].map(shown),
    packages.map(({ name, bytes }) => `${name} ${shown(bytes)}`).join('\n'),
    isGood ? 'yes' : 'NO',
  ])
}
console.log(table.toString())

function shown(bytes: number | undefined): string {
  return bytes?.toLocaleString('en') ?? ''
}
