import { access, glob, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { root } from './documented-program.ts'

interface Link {
  readonly page: string
  readonly target: string
}

const pages = [
  '*.md',
  'docs/*.md',
  'docs/{decisions,guides,reference}/*.md',
  'packages/*/README.md',
]
const texts = new Map<string, string>()
for await (const page of glob(pages, { cwd: fileURLToPath(root) }))
  texts.set(page, await prose(page))

/** A page without its code, in which nothing is a link or a heading. */
async function prose(page: string): Promise<string> {
  const text = await readFile(new URL(page, root), 'utf8')
  return text.replaceAll(/^```.*?^```$/gms, '')
}

const links: Link[] = [...texts]
  .flatMap(([page, text]) =>
    [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => ({ page, target })),
  )
  .filter(({ target }) => !/^[a-z]+:/.test(target))

/** The anchors of a page, as GitHub makes them of headings. */
function anchors(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

async function isDead({ page, target }: Link): Promise<boolean> {
  const url = new URL(target, new URL(page, root))
  const path = url.pathname.slice(root.pathname.length)
  const anchor = url.hash.slice(1)
  if (anchor !== '') return !anchors(texts.get(path) ?? '').includes(anchor)
  return access(new URL(path, root)).then(
    () => false,
    () => true,
  )
}

test('every link of the pages leads to a file and a heading that are there', async () => {
  expect(links.length).toBeGreaterThan(50)
  const dead = await Promise.all(links.map(isDead))
  expect(links.filter((_, index) => dead[index])).toEqual([])
})

test("a package's README links to pages of docs only, whose links the pack step makes absolute", () => {
  const outside = links.filter(
    ({ page, target }) =>
      page.startsWith('packages/') && !/^(#|CHANGELOG\.md$|\.\.\/\.\.\/docs\/)/.test(target),
  )
  expect(outside).toEqual([])
})

test('the index links to every guide and every page of the reference', () => {
  const listed = links
    .filter(({ page }) => page === 'docs/README.md')
    .map(({ target }) => `docs/${target}`)
  const written = [...texts.keys()].filter((page) => /^docs\/(guides|reference)\//.test(page))
  expect(written.length).toBeGreaterThan(15)
  expect(written.filter((page) => !listed.includes(page))).toEqual([])
})
