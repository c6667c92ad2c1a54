import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { clientKey, otherKey, type Pair } from '../../support/keys.ts'
import { documentedBlocks, root, sectionOf, tableRows } from './documented-program.ts'
import { run, startServers } from './example-program.ts'

const core = new URL('packages/core/src/', root)
const page = await readFile(new URL('docs/reference/events.md', root), 'utf8')

/** A member of a union of events, as the source declares it. */
interface Declared {
  readonly type: string
  readonly fields: readonly string[]
  /** The literals of its fields. */
  readonly values: readonly string[]
}

async function declaredIn(file: string, name: string): Promise<Declared[]> {
  const source = await readFile(new URL(file, core), 'utf8')
  const [, union = ''] = source.split(`export type ${name} =`)
  const [own = ''] = union.split('\nexport ')
  return own
    .split(/\n\s*\| \{\n/)
    .slice(1)
    .map((member) => member.replaceAll(/\/\*\*.*?\*\//gs, ''))
    .map((member) => {
      const [type = '', ...values] = [...member.matchAll(/'([^']+)'/g)].map(([, word = '']) => word)
      const fields = [...member.matchAll(/readonly (\w+)\??:/g)].map(([, field = '']) => field)
      return { type, fields: fields.filter((field) => field !== 'type'), values }
    })
}

/** The events under a heading of the second level, in their order, each with its text. */
function eventsUnder(heading: string): Map<string, string> {
  const [, ...events] = sectionOf(page, heading).split('\n### ')
  return new Map(events.map((text) => [/^`([^`]+)`\n/.exec(text)?.[1] ?? text, text]))
}

/** The words between backticks. */
function codes(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
}

const sides = [
  { heading: 'Provider events', events: await declaredIn('events.ts', 'TokenHappening') },
  {
    heading: 'Request events',
    events: await declaredIn('resource/request-event.ts', 'RequestEvent'),
  },
]
const warnings = sides
  .flatMap(({ events }) => events)
  .filter(({ fields }) => fields.includes('warning'))

describe.each(sides)('$heading', ({ heading, events }) => {
  const documented = eventsUnder(heading)

  test('has a heading for every event, in the order of the source', () => {
    expect(events.length).toBeGreaterThan(2)
    expect([...documented.keys()]).toEqual(events.map(({ type }) => type))
  })

  test.each(events)('describes each field of $type, its values and what to do', (event) => {
    const [text = '', advice = ''] = (documented.get(event.type) ?? '').split('**What to do:**')
    const fields = [...text.matchAll(/^- `(\w+)`:/gm)].map(([, name = '']) => name)
    expect(fields).toEqual(event.fields)
    const own = event.fields.includes('warning') ? [] : event.values
    expect(codes(text).filter((code) => code.startsWith("'"))).toEqual(own.map((v) => `'${v}'`))
    expect(advice).toMatch(/count|log|alert|ticket/i)
  })
})

test('lists every warning', () => {
  const declared = warnings.flatMap(({ type, values }) => values.map((value) => [type, value]))
  expect(declared.length).toBeGreaterThan(4)
  expect(
    tableRows(sectionOf(page, 'Warnings')).map((row) => row.slice(0, 2).flatMap(codes)),
  ).toEqual(declared)
})

describe('the program of docs/reference/events.md', () => {
  const folder = new URL('test/.report/events/', root)
  const program = new URL('program.ts', folder)
  const calls = `
await api('https://api.example.com/accounts').then((answer) => answer.text(), () => {})
console.log(JSON.stringify(Object.fromEntries(counts)))
`
  let code = ''

  beforeAll(async () => {
    const blocks = (await documentedBlocks()).filter(
      (block) => block.page === 'docs/reference/events.md',
    )
    expect(blocks).toHaveLength(1)
    code = `${blocks[0]?.code}${calls}`
    await mkdir(folder, { recursive: true })
  })

  /** Returns its output: a value per line. */
  async function printed(own: Pair) {
    const { server, api } = await startServers()
    api.next({ status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } })
    await writeFile(program, code.replaceAll('https://api.example.com', api.origin))
    const { stdout, stderr } = await run(program, own, server)
    expect(stderr).toBe('')
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  }

  test('logs and counts a refused token and the replay', async () => {
    const lines = await printed(clientKey)
    expect(lines.slice(0, -1)).toMatchObject([
      { level: 'info', type: 'token-issued', source: 'endpoint', attempts: 1 },
      { level: 'info', type: 'token-rejected', action: 'suspect' },
      { level: 'info', type: 'token-issued', source: 'endpoint', attempts: 1 },
      { level: 'info', type: 'request-replayed', method: 'GET' },
    ])
    expect(lines.at(-1)).toEqual({
      'token-issued endpoint': 2,
      'token-rejected suspect': 1,
      'request-replayed': 1,
    })
  })

  test('raises an alarm when no token is available', async () => {
    const lines = await printed(otherKey)
    expect(lines.slice(0, -1)).toMatchObject([
      { level: 'info', type: 'token-request-failed', error: { code: 'ERR_OAUTH' } },
      { level: 'error', type: 'renewal-failed', error: { code: 'ERR_OAUTH' } },
    ])
    expect(lines[1]).not.toHaveProperty('servesUntil')
    expect(lines.at(-1)).toEqual({
      'token-request-failed ERR_OAUTH': 1,
      'renewal-failed ERR_OAUTH': 1,
    })
  })
})
