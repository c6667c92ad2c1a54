import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

import { causes, diagnose } from '#core/diagnosis/diagnosis.js'
import type { Evidence } from '#core/diagnosis/evidence.js'
import { sectionOf, tableRows } from './documented-program.ts'

const root = new URL('../../../', import.meta.url)
const page = readFileSync(new URL('docs/reference/errors.md', root), 'utf8')
const errors = readFileSync(new URL('packages/core/src/errors.ts', root), 'utf8')

interface DocumentedCause {
  /** Its hint, with `…` in place of values. */
  readonly hint: string
  /** The answers that lead to it first: status and error, and the words of the server. */
  readonly answers: readonly (readonly string[])[]
}

/** The causes of the page: a hint, and the rows of the table that follows it. */
function documentedCauses(): DocumentedCause[] {
  const [, ...parts] = sectionOf(page, 'Likely causes').split('\n```text\n')
  return parts.map((part) => {
    const [hint = '', after = ''] = part.split('\n```\n')
    return { hint, answers: tableRows(after) }
  })
}

const codes = [...new Set([...errors.matchAll(/'(ERR_[A-Z_]+)'/g)].map(([, code = '']) => code))]
const sections = new Map(
  sectionOf(page, 'By code')
    .split('\n#### ')
    .slice(1)
    .map((text) => [/^`(ERR_[A-Z_]+)`\n/.exec(text)?.[1] ?? text, text]),
)

test('every code has its section in the errors page, and every section its code', () => {
  expect(codes.length).toBeGreaterThan(30)
  expect([...sections.keys()].sort()).toEqual([...codes].sort())
})

/** The texts of the sources of some length, with anything where a value stands. */
const messages = ['core', 'axios-interceptor', 'ky-hook'].flatMap((name) => {
  const folder = new URL(`packages/${name}/src/`, root)
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [
      ...readFileSync(new URL(file, folder), 'utf8').matchAll(/(["'`])(?:(?!\1)[^\\\n])*\1/g),
    ])
    .map(([text]) => text.slice(1, -1))
    .filter((text) => text.replace(/\$\{[^}]*\}/g, '').length > 12)
    .map((text) => matching(text, /\$\{(?:[^{}]|\{[^}]*\})*\}/))
})

test.each([...sections])('%s: says what to check in order, and shows a message', (_, text) => {
  expect(text).toMatch(/\n\n[^\n]{20,}\n\n1\. /)
  const example = /\n```text\n(.+)\n```\n/.exec(text)?.[1] ?? ''
  expect(messages.some((pattern) => pattern.test(example))).toBe(true)
  const [, cause] = /Probably (.*)$/.exec(example) ?? []
  if (cause !== undefined) expect(cause).toSatisfy(isDocumented)
})

/** A text with anything in place of what the separator finds. */
function matching(text: string, separator: RegExp | string): RegExp {
  const parts = text.split(separator).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(parts.join('.*'), 'i')
}

const likely = documentedCauses()
const said = likely.flatMap(({ hint, answers }) => answers.map((answer) => [...answer, hint]))
const documented = likely.map(({ hint }) => matching(hint, '…'))

function isDocumented(cause: string): boolean {
  return documented.some((pattern) => pattern.test(cause))
}

const tokenEndpoint = 'https://as.example/token'
const plain: Evidence = {
  ...{ status: 401, isHtml: false, error: undefined, description: undefined },
  sent: {
    ...{ clientId: 'client-1', audience: tokenEndpoint, lifetimeSeconds: 60 },
    ...{ alg: 'ES256', kid: 'k1', thumbprint: 'tp1' },
  },
  ...{ tokenEndpoint, clockOffset: undefined, isCorrected: false, accepted: undefined },
}

/** Returns the evidence of a row of the table. */
function evidenceOf(answer: string, words: string): Evidence {
  const [, status, error] = /^(\d{3})(?: `(\w+)`)?/.exec(answer) ?? []
  const description = words === 'none' ? undefined : words.replace(/ \(.*\)$/, '')
  const kid = words.includes('none was sent') ? undefined : 'k1'
  const isHtml = answer.includes('HTML')
  const sent = { ...plain.sent, kid }
  return { ...plain, sent, status: Number(status), error, description, isHtml }
}

describe('what the server said', () => {
  test.each(said)('%s, %s: the first cause is as documented', (answer, words, cause) => {
    expect(diagnose(evidenceOf(answer as string, words as string)).hints[0]).toMatch(
      matching(cause as string, '…'),
    )
  })
})

test('every hint is documented, and nothing else', () => {
  const sides: Evidence[] = [
    plain,
    { ...plain, sent: { ...plain.sent, kid: undefined } },
    { ...plain, clockOffset: 9_000 },
    { ...plain, clockOffset: -9_000, isCorrected: true },
    ...[`${tokenEndpoint}/`, 'https://x.example', 'https://as.example', 'urn:as'].map(
      (audience) => ({ ...plain, sent: { ...plain.sent, audience } }),
    ),
  ]
  const told = causes.flatMap(({ hint }) => (typeof hint === 'string' ? [hint] : sides.map(hint)))
  expect(told.filter((cause) => !isDocumented(cause))).toEqual([])
  const missing = documented.filter((pattern) => !told.some((cause) => pattern.test(cause)))
  expect(missing).toEqual([])
})
