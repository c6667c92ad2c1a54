import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSync, Visitor } from 'oxc-parser'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const sources = globSync('packages/*/src/**/*.ts', { cwd: root }).map((file) => ({
  file,
  ...readSource(readFileSync(join(root, file), 'utf8')),
}))

/** Public names that the documentation uses. */
const allowed = ['authorizedFetch', 'sealedStore']
const irregular =
  /^(bound|built|chosen|drawn|found|given|held|kept|known|left|lost|made|sent|shown|taken|told|written)(?![a-z])/
const participle = /^(?!need|embed|feed|seed|speed|exceed|proceed|succeed|shed)[a-z]+ed(?![a-z])/

test('names functions with verbs and not with participles', () => {
  const found = sources.flatMap(({ file, functions }) =>
    functions
      .filter((name) => participle.test(name) || irregular.test(name))
      .filter((name) => !allowed.includes(name))
      .map((name) => `${file}: ${name}`),
  )

  expect(found).toEqual([])
})

test('documents the default of each optional number, boolean and literal of an options type', () => {
  const found = sources.flatMap(({ file, options }) =>
    options
      .filter(({ comment }) => !comment.includes('@default'))
      .map(({ name }) => `${file}: ${name}`),
  )

  expect(found).toEqual([])
})

test('finds a function that is named with a participle, and an option without a default', () => {
  const { functions, options } = readSource(`
    function checked() {}
    const told = () => 1
    const value = { asked() {} }
    interface ServerOptions { /** Milliseconds. */ timeout?: number | undefined; name?: string }
  `)

  expect(functions).toEqual(['checked', 'told', 'asked'])
  expect(options).toEqual([{ name: 'ServerOptions.timeout', comment: '* Milliseconds. ' }])
})

function readSource(source: string) {
  const { program, comments } = parseSync('source.ts', source)
  const functions: string[] = []
  const options: { name: string; comment: string }[] = []
  new Visitor({
    FunctionDeclaration({ id }) {
      if (id) functions.push(id.name)
    },
    VariableDeclarator({ id, init }) {
      const isFunction = init?.type === 'ArrowFunctionExpression'
      if (isFunction && id.type === 'Identifier') functions.push(id.name)
    },
    Property({ key, value }) {
      const isFunction = /^(ArrowFunction|Function)Expression$/.test(value.type)
      if (isFunction && key.type === 'Identifier') functions.push(key.name)
    },
    TSInterfaceDeclaration({ id, body, start }) {
      if (!id.name.endsWith('Options') || !isExported(source, start)) return
      for (const member of body.body) {
        if (member.type !== 'TSPropertySignature' || !member.optional) continue
        const type = source.slice(member.typeAnnotation?.start, member.typeAnnotation?.end)
        if (!/\b(number|boolean)\b|'/.test(type) || /\{|=>/.test(type)) continue
        const comment = comments.findLast(
          ({ end }) => end <= member.start && source.slice(end, member.start).trim() === '',
        )
        const name = member.key.type === 'Identifier' ? member.key.name : ''
        options.push({ name: `${id.name}.${name}`, comment: comment?.value ?? '' })
      }
    },
  }).visit(program)
  return { functions, options }
}

function isExported(source: string, start: number): boolean {
  return !/\n\S/.test(source.slice(0, start)) || /export $/.test(source.slice(0, start))
}
