import { glob, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

export const root = new URL('../../../', import.meta.url)
const pages = ['README.md', 'docs/*.md', 'docs/{guides,reference}/*.md', 'packages/*/README.md']
/** Programs that `pnpm test:packages` and `pnpm test:clients` install and run. */
const exclude = [
  ...['docs/guides/commonjs-and-typescript.md', 'docs/guides/clients.md'],
  'docs/guides/writing-an-adapter.md',
]

/** One TypeScript block of a page. */
export interface Block {
  /** `docs-axios-2`: page and place. */
  readonly name: string
  readonly page: string
  readonly code: string
}

/** Every TypeScript block, in order of appearance, the front page first. */
export async function documentedBlocks(): Promise<Block[]> {
  const found: string[] = []
  for await (const page of glob(pages, { cwd: fileURLToPath(root), exclude })) found.push(page)
  found.sort((a, b) => Number(b === 'README.md') - Number(a === 'README.md') || a.localeCompare(b))
  const blocks = await Promise.all(found.map(blocksOf))
  return blocks.flat()
}

async function blocksOf(page: string): Promise<Block[]> {
  const text = await readFile(new URL(page, root), 'utf8')
  const codes = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code)
  const fences = text.match(/^\s*(?:```|~~~)\s*(?:ts|typescript)\b/gim)?.length ?? 0
  if (codes.length !== fences) throw new Error(`${page} has a TypeScript block that is not read.`)
  const stem = page.replace(/\.md$/, '').replaceAll('/', '-')
  return codes.map((code, index) => ({ name: `${stem}-${index + 1}`, page, code }))
}

/**
 * The program that a block belongs to. A reader who meets `tokens` or `api` has read where it
 * comes from: the nearest block above that makes it, on the same page or else on the front page.
 */
export function programOf(block: Block, all: readonly Block[]): string {
  const above = all.slice(0, all.indexOf(block)).reverse()
  let program = block.code
  for (const name of ['api', 'tokens']) {
    if (!uses(program, name) || declares(program, name)) continue
    const makers = above.filter(({ code }) => makes(code, name))
    const maker =
      makers.find(({ page }) => page === block.page) ?? makers.findLast(({ page }) => isFront(page))
    if (maker === undefined) throw new Error(`No block above ${block.name} makes '${name}'.`)
    program = joined(maker.code, program)
  }
  return program
}

function isFront(page: string): boolean {
  return page === 'README.md'
}

function uses(code: string, name: string): boolean {
  const bare = code.replace(/'[^'\n]*'/g, "''").replace(/\/\/.*$|\/\*.*?\*\//gm, '')
  return new RegExp(`(?<![.\\w])${name}\\b(?!:)`).test(bare)
}

function declares(code: string, name: string): boolean {
  return new RegExp(`\\bconst ${name} =`).test(code)
}

/** Declares it for what comes after the block, too. */
function makes(code: string, name: string): boolean {
  return new RegExp(`^const ${name} =`, 'm').test(code)
}

/** Joins two programs. An import of both appears once. */
function joined(first: string, second: string): string {
  const imports = new Set(first.split('\n').filter((line) => line.startsWith('import ')))
  const rest = second.split('\n').filter((line) => !imports.has(line))
  return `${first}\n${rest.join('\n')}`
}

/** Returns the text under a heading of the second level. */
export function sectionOf(page: string, heading: string): string {
  const [, section = ''] = page.split(`\n## ${heading}\n`)
  return section.split('\n## ')[0] ?? ''
}

/** Returns the rows of a Markdown table without its head, as cells. */
export function tableRows(text: string): string[][] {
  const rows = (text.match(/^\|.*\|$/gm) ?? []).slice(2)
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}
