import { parseSync, Visitor } from 'oxc-parser'

/** A text that a person reads, and the line that it begins on. */
export interface Text {
  readonly line: number
  readonly markdown: string
}

/**
 * Returns what a person reads in a file: a whole page of Markdown, and the comments and strings of a
 * source. A string counts if it has a space in it. In a test, only the names of tests count.
 */
export function readTexts(file: string, source: string): Text[] {
  if (file.endsWith('.md')) return [{ line: 1, markdown: source }]
  const { comments, program } = parseSync(file, source)
  const texts = joinLineComments(comments, source)
  const addString = (start: number, value: string) => {
    if (/\w \w/.test(value)) texts.push({ start, markdown: value })
  }
  const isTest = /\.test\.ts$|^test\//.test(file)
  new Visitor({
    CallExpression({ callee, arguments: [first] }) {
      if (!isTest || callee.type !== 'Identifier' || !/^(test|describe|it)$/.test(callee.name))
        return
      if (first?.type === 'Literal') addString(first.start, String(first.value))
    },
    Literal({ start, value }) {
      if (!isTest && typeof value === 'string') addString(start, value)
    },
    TemplateLiteral({ start, quasis }) {
      if (!isTest) addString(start, quasis.map(({ value }) => value.cooked ?? '').join('…'))
    },
  }).visit(program)
  return texts.map(({ start, markdown }) => ({ line: lineOf(source, start), markdown }))
}

interface Comment {
  readonly type: 'Line' | 'Block'
  readonly value: string
  readonly start: number
  readonly end: number
}

/** Returns the comments. `//` lines below each other are one. */
function joinLineComments(comments: readonly Comment[], source: string) {
  const joined: { start: number; end: number; markdown: string }[] = []
  for (const { type, value, start, end } of comments) {
    const markdown = type === 'Block' ? value.replace(/^[ \t]*\*[ \t]?/gm, '') : value.trim()
    const last = joined.at(-1)
    if (type === 'Line' && last !== undefined && /^\n[ \t]*$/.test(source.slice(last.end, start))) {
      last.markdown += `\n${markdown}`
      last.end = end
    } else joined.push({ start, end, markdown })
  }
  return joined.map(({ start, markdown }) => ({ start, markdown }))
}

function lineOf(source: string, offset: number): number {
  return source.slice(0, offset).split('\n').length
}
