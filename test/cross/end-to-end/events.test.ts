import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createResourceServer } from '@countersign/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { documentedBlocks, root } from './documented-program.ts'
import { keyPair, run, serverFor } from './example-program.ts'

const core = new URL('packages/core/src/', root)
const page = await readFile(new URL('docs/events.md', root), 'utf8')

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
      const fields = [...member.matchAll(/readonly (\w+):/g)].map(([, field = '']) => field)
      return { type, fields: fields.filter((field) => field !== 'type'), values }
    })
}

/** The rows of the table under a heading, their cells without padding. */
function rowsUnder(heading: string): string[][] {
  const [, section = ''] = page.split(`# ${heading}\n`)
  const [own = ''] = section.split(/\n#+ /)
  const rows = own.match(/^\|.*\|$/gm) ?? []
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

/** What stands between backticks. */
function codes(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
}

const sides = [
  { heading: 'Of a provider', events: await declaredIn('events.ts', 'TokenHappening') },
  {
    heading: 'Of a request',
    events: await declaredIn('resource/request-event.ts', 'RequestEvent'),
  },
]
const warnings = sides
  .flatMap(({ events }) => events)
  .filter(({ fields }) => fields.includes('warning'))

describe.each(sides)('$heading', ({ heading, events }) => {
  const rows = rowsUnder(heading)

  test('every event has its row in docs/events.md, and every row its event', () => {
    expect(events.length).toBeGreaterThan(2)
    expect(rows.map(([event = '']) => codes(event))).toEqual(events.map(({ type }) => [type]))
  })

  test.each(events)('$type: the row names each of its fields and their values', (event) => {
    const [, , fields = '', advice = ''] = rows.find(([type]) => type === `\`${event.type}\``) ?? []
    const named = [...fields.matchAll(/(?:^|; )`(\w+)`/g)].map(([, name = '']) => name)
    expect(named).toEqual(event.fields)
    const own = event.fields.includes('warning') ? [] : event.values
    expect(codes(fields).filter((code) => code.startsWith("'"))).toEqual(own.map((v) => `'${v}'`))
    expect(advice).toMatch(/count|log|alert|ticket/i)
  })
})

test('every warning has its row in docs/events.md, and every row its warning', () => {
  const declared = warnings.flatMap(({ type, values }) => values.map((value) => [type, value]))
  expect(declared.length).toBeGreaterThan(4)
  expect(rowsUnder('Warnings').map((row) => row.slice(0, 2).flatMap(codes))).toEqual(declared)
})

describe('the program of docs/events.md', () => {
  const folder = new URL('test/.report/events/', root)
  const program = new URL('program.ts', folder)
  const calls = `
await api('https://api.example.com/accounts').then((answer) => answer.text(), () => {})
console.log(JSON.stringify(Object.fromEntries(counts)))
`
  let code = ''

  beforeAll(async () => {
    const blocks = (await documentedBlocks()).filter((block) => block.page === 'docs/events.md')
    expect(blocks).toHaveLength(1)
    code = `${blocks[0]?.code}${calls}`
    await mkdir(folder, { recursive: true })
  })

  /** What it prints, a value a line. */
  async function printed(registered: ReturnType<typeof keyPair>, own = registered) {
    await using server = await serverFor(registered)
    await using api = await createResourceServer(server)
    api.next({ status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } })
    await writeFile(program, code.replaceAll('https://api.example.com', api.origin))
    const { stdout, stderr } = await run(program, own, server, {})
    expect(stderr).toBe('')
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  }

  test('logs and counts a refused token and the replay', async () => {
    const lines = await printed(keyPair())
    expect(lines.slice(0, -1)).toMatchObject([
      { level: 'info', type: 'token-issued', source: 'endpoint', attempts: 1 },
      { level: 'info', type: 'token-refused', action: 'suspect' },
      { level: 'info', type: 'token-issued', source: 'endpoint', attempts: 1 },
      { level: 'info', type: 'request-replayed', method: 'GET' },
    ])
    expect(lines.at(-1)).toEqual({
      'token-issued endpoint': 2,
      'token-refused suspect': 1,
      'request-replayed': 1,
    })
  })

  test('calls for help when there is no token to be had', async () => {
    const lines = await printed(keyPair(), keyPair())
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
