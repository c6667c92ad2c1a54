import type { TextlintRuleModule } from '@textlint/types'

/** A node of Markdown, as textlint parses it. */
interface Node {
  readonly type: string
  readonly value?: string
  readonly children?: readonly Node[]
}

const most = 25
const sentences = new Intl.Segmenter('en', { granularity: 'sentence' })
const words = new Intl.Segmenter('en', { granularity: 'word' })

/** A textlint rule: reports each sentence of a paragraph with more than 25 words. Code is one word. */
export const sentenceLength: TextlintRuleModule = ({ Syntax, RuleError, report }) => ({
  [Syntax.Paragraph](node) {
    for (const { segment } of sentences.segment(plainText(node as Node).replaceAll('\n', ' '))) {
      const count = [...words.segment(segment)].filter(({ isWordLike }) => isWordLike).length
      if (count <= most) continue
      const start = segment.split(' ').slice(0, 6).join(' ')
      report(
        node,
        new RuleError(`The sentence "${start} …" has ${count} words; the limit is ${most}.`),
      )
    }
  },
})

function plainText({ type, value, children }: Node): string {
  if (type === 'Code') return 'Code'
  return value ?? children?.map(plainText).join('') ?? ''
}
