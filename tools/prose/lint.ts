import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { TextlintKernel } from '@textlint/kernel'
import type { TextlintPluginCreator, TextlintRuleModule } from '@textlint/types'
import { sentenceLength } from './sentence-length.ts'
import { readTexts, type Text } from './texts.ts'

export interface Finding {
  readonly rule: string
  readonly line: number
  readonly message: string
}

// CommonJS modules, whose default export Node.js and vitest import differently.
const require = createRequire(import.meta.url)
const markdown: TextlintPluginCreator = require('@textlint/textlint-plugin-markdown').default
const prh: TextlintRuleModule = require('textlint-rule-prh').default

const kernel = new TextlintKernel()
const phrases = {
  ruleId: 'phrases',
  rule: prh,
  options: { rulePaths: [fileURLToPath(new URL('prose.yml', import.meta.url))] },
}

/**
 * Lints what a person reads in a file. Code in Markdown is skipped. The length of sentences is
 * limited in Markdown only.
 */
export async function lint(file: string, source: string): Promise<Finding[]> {
  const { page, lines } = joinTexts(readTexts(file, source))
  const { messages } = await kernel.lintText(page, {
    ext: '.md',
    plugins: [{ pluginId: 'markdown', plugin: markdown }],
    rules: file.endsWith('.md')
      ? [phrases, { ruleId: 'sentence-length', rule: sentenceLength }]
      : [phrases],
  })
  return messages.map(({ ruleId, loc, message }) => ({
    rule: ruleId,
    line: lines[loc.start.line] ?? 0,
    message,
  }))
}

/** Joins texts to one page. `lines` has the source line of each line of the page, from line 1 on. */
function joinTexts(texts: readonly Text[]): { page: string; lines: readonly number[] } {
  const lines = [0]
  const parts = texts.map(({ line, markdown }) => {
    const own = markdown.split('\n')
    lines.push(...own.map((_, index) => line + index), line)
    return `${markdown}\n`
  })
  return { page: parts.join('\n'), lines }
}
