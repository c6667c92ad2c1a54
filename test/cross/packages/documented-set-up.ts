import { readFile } from 'node:fs/promises'

/** What a section of a page makes its reader do. */
export interface SetUp {
  /** Of all its `npm install` lines. */
  readonly packages: readonly string[]
  readonly files: Readonly<Record<string, string>>
  /** Its other commands, in their order. */
  readonly commands: readonly string[]
}

const page = new URL('../../../docs/guides/commonjs-and-typescript.md', import.meta.url)
const block = /^```(\w+)\n(.*?)^```$/gms

/** The set-up under a heading of the page. A block with code belongs to the file named last above it. */
export async function documentedSetUp(heading: string): Promise<SetUp> {
  const text = await readFile(page, 'utf8')
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`))
  if (section === undefined) throw new Error(`The page has no section '${heading}'.`)
  const packages: string[] = []
  const commands: string[] = []
  const files: Record<string, string> = {}
  for (const { 1: language, 2: content = '', index } of section.matchAll(block)) {
    if (language !== 'sh') {
      files[fileAbove(section.slice(0, index))] = content
      continue
    }
    for (const line of content.trim().split('\n')) {
      const wanted = /^npm install (?:--save-dev )?(.+)$/.exec(line)?.[1]
      if (wanted === undefined) commands.push(line)
      else packages.push(...wanted.split(' '))
    }
  }
  return { packages, files, commands }
}

function fileAbove(text: string): string {
  const file = /`([\w./-]+)`:\n\n$/.exec(text)?.[1]
  if (file === undefined) throw new Error(`No file is named above a block: …${text.slice(-80)}`)
  return file
}
