import { spawnSync } from 'node:child_process'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { clientKey, otherKey } from '../support/keys.ts'
import {
  countersign,
  documentOf,
  main,
  onTerminal,
  readPage,
  scratchFolder,
  startClient,
} from './command-line.ts'

const commands = [
  ...['keygen', 'serve', 'doctor', 'token', 'assert', 'inspect'],
  ...['jwks', 'jwks add', 'jwks retire'],
]
const escapeCode = '\u001b['
const isColoured = (screen: string) =>
  screen.split(escapeCode).some((text, index) => index > 0 && /^\d+m/.test(text))
const client = ['--client-id', 'a', '--token-endpoint', 'https://as.example.com/token']

/** Arguments with which each command succeeds in the prepared folder. */
const doing: Record<string, string[]> = {
  keygen: ['keygen', '--out', 'new'],
  serve: ['serve', '--jwks', 'set.json', '--for', '0'],
  doctor: ['doctor', '--key', 'key.pem'],
  token: ['token', '--key', 'key.pem'],
  assert: ['assert', ...client, '--key', 'key.pem'],
  inspect: ['inspect', 'assertion.txt'],
  jwks: ['jwks', 'key.pem'],
  'jwks add': ['jwks', 'add', '--set', 'set.json', 'other.pem'],
  'jwks retire': ['jwks', 'retire', '--set', 'two.json', '--kid', 'a'],
}

async function preparedFolder(): Promise<string> {
  const { cwd, env } = await startClient()
  const keys = [clientKey, otherKey].map(({ publicJwk }, index) => {
    return { ...publicJwk, kid: index === 0 ? 'a' : 'b' }
  })
  const assertion = await countersign(doing.assert ?? [], { cwd })
  const files = {
    'other.pem': otherKey.pem,
    'set.json': JSON.stringify({ keys: keys.slice(0, 1) }),
    'two.json': JSON.stringify({ keys }),
    'assertion.txt': assertion.stdout,
    '.env': `CLIENT_ID=${env.CLIENT_ID}\nTOKEN_ENDPOINT=${env.TOKEN_ENDPOINT}\n`,
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(cwd, name), text)
  return cwd
}

test('the first help screen lists every command in the order of use, and links the docs', async () => {
  const cwd = await scratchFolder()
  const help = await countersign(['--help'], { cwd })
  const { stdout } = help
  expect(help).toMatchObject({ code: 0, stderr: '' })
  expect(await countersign([], { cwd })).toEqual(help)
  const listed = [...stdout.matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map(([, name]) => name)
  expect(listed).toEqual([...new Set(commands.map((name) => name.split(' ')[0]))])
  expect(Object.keys(doing)).toEqual(commands)
  expect(stdout).toContain('\nDocumentation:\n  https://')
})

test.each(commands)('%s prints plain text in a pipe, and JSON with --json', async (name) => {
  const args = doing[name] ?? []
  const plain = await countersign(args, { cwd: await preparedFolder() })
  expect(plain).toMatchObject({ code: 0, stderr: '' })
  expect(plain.stdout).not.toContain('\u001b')
  const ended = await countersign([...args, '--json'], { cwd: await preparedFolder() })
  expect(ended).toMatchObject({ code: 0, stderr: '' })
  // A command that goes on prints a document per line.
  const documents = name === 'serve' ? ended.stdout.trim().split('\n') : [ended.stdout]
  for (const document of documents) expect(Object.keys(JSON.parse(document))).not.toEqual([])
})

test.each(commands)('%s is coloured on a terminal, unless NO_COLOR is set', async (name) => {
  for (const env of [{}, { NO_COLOR: '1' }]) {
    const cwd = await preparedFolder()
    const { code, screen } = await onTerminal(doing[name] ?? [], { cwd, env })
    expect(code).toBe(0)
    expect(isColoured(screen)).toBe(!('NO_COLOR' in env))
  }
})

test.each(commands)(
  '%s has help with examples and exit codes, which loads no other command',
  async (name) => {
    const cwd = await scratchFolder()
    const env = { NODE_V8_COVERAGE: join(cwd, 'coverage') }
    const help = await countersign([...name.split(' '), '--help'], { cwd, env })
    expect(help).toMatchObject({ code: 0, stderr: '' })
    expect(help.stdout).toContain(`Usage: countersign ${name} [options]`)
    expect(help.stdout).toContain('--json ')
    expect(help.stdout).toMatch(/\nExamples:\n {2}# .+\n {2}countersign .+\n/)
    expect(help.stdout).toMatch(
      /\nExit codes:\n {2}0 {2}.+\n {2}1 {2}.+\n {2}2 {2}.+\n {2}130 {2}.+\n$/,
    )
    const loaded = await loadedModules(join(cwd, 'coverage'))
    expect(loaded.filter((url) => url.includes('/cli/dist/commands/'))).toEqual([
      expect.stringContaining(`/${name.split(' ')[0]}.js`),
    ])
    expect(await countersign(['help', ...name.split(' ')], { cwd })).toEqual(help)
  },
)

test('the reference page describes every command, flag, variable and exit code', async () => {
  const page = await readPage('reference/command-line.md')
  const cwd = await scratchFolder()
  for (const name of commands) {
    const { stdout } = await countersign([...name.split(' '), '--help'], { cwd })
    const words = [...stdout.matchAll(/--[a-z-]+|(?<=env: )[A-Z_]+|PRIVATE_KEY\w*/g)].flat()
    for (const word of [...words, ...name.split(' ')].filter((one) => one !== '--help'))
      expect(page).toContain(`\`${word}`)
    for (const [, code] of stdout.matchAll(/^ {2}(\d+) {2}/gm)) expect(page).toMatch(`\n| ${code} `)
  }
})

test('--version loads no command and no library but that of the command line', async () => {
  const cwd = await scratchFolder()
  const env = { NODE_V8_COVERAGE: join(cwd, 'coverage') }
  const ended = await countersign(['--version'], { cwd, env })
  expect(ended).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: '' })
  const loaded = await loadedModules(join(cwd, 'coverage'))
  expect(loaded.filter((url) => /\/commands\/|\/core\/dist\/|\/jose\//.test(url))).toEqual([])
  expect(loaded.filter((url) => url.includes('/commander/'))).not.toEqual([])
})

test.each([
  [['sign'], "unknown command 'sign'"],
  [['asert'], "unknown command 'asert' (Did you mean assert?)"],
  [['jwks', '--kidd', 'a'], "unknown option '--kidd' (Did you mean --kid?)"],
  [['assert', '--key'], "option '--key <file>' argument missing"],
  [['keygen', '--dotenv', 'nope.env'], 'File nope.env (--dotenv) does not exist.'],
])('%j is an error on stderr and 2, with --json a document on stdout', async (args, message) => {
  const cwd = await scratchFolder()
  expect(await countersign(args, { cwd })).toEqual({
    code: 2,
    stdout: '',
    stderr: `error: ${message}\n`,
  })
  if (args.at(-1) === '--key') return
  const ended = await countersign([...args, '--json'], { cwd })
  expect(ended).toMatchObject({ code: 2, stderr: '' })
  expect(documentOf(ended)).toEqual({ error: { code: expect.stringMatching(/^ERR_/), message } })
})

test('a .env that cannot be read is an error, named once', async () => {
  const cwd = await scratchFolder()
  const run = () => countersign(['jwks', 'key.pem'], { cwd })
  await mkdir(join(cwd, '.env'))
  const stderr = 'error: File .env cannot be read: EISDIR.\n'
  expect(await run()).toEqual({ code: 2, stdout: '', stderr })
  await rm(join(cwd, '.env'), { recursive: true })
  await writeFile(join(cwd, '.env'), 'x'.repeat(1024 * 1024 + 1))
  const tooLarge = 'error: The file of .env is larger than 1 MiB.\n'
  expect(await run()).toEqual({ code: 2, stdout: '', stderr: tooLarge })
})

test('progress is shown on a terminal, on stderr alone', async () => {
  const cwd = await scratchFolder()
  const args = ['keygen', '--alg', 'PS256']
  const { screen } = await onTerminal([...args, '--out', 'a'], { cwd })
  expect(screen).toContain('Creating the key (PS256)')
  const piped = await countersign([...args, '--out', 'b'], { cwd })
  expect(piped).toMatchObject({ code: 0, stderr: '' })
  expect(piped.stdout).not.toContain('Creating the key')
})

/** Runs a command in a shell that does this with its output. */
function runInShell(args: readonly string[], cwd: string, redirection: string) {
  const script = `"$0" "$@" ${redirection}`
  const words = ['-c', script, process.execPath, main, ...args]
  const { status, stderr } = spawnSync('sh', words, { cwd, encoding: 'utf8' })
  return { status, stderr }
}

test('stays silent when a reader closes the pipe early', async () => {
  const cwd = await preparedFolder()
  expect(runInShell(['jwks', 'key.pem'], cwd, '| true')).toEqual({ status: 0, stderr: '' })
})

test.each([['jwks', 'key.pem'], ['doctor', '--key', 'key.pem', '--offline', '--json'], ['--help']])(
  'a full disk is one line and exit code 1: %s',
  async (...args) => {
    const cwd = await preparedFolder()
    const stderr = 'error: The output cannot be written: ENOSPC.\n'
    expect(runInShell(args, cwd, '> /dev/full')).toEqual({ status: 1, stderr })
    expect(runInShell(args, cwd, '> /dev/full 2> /dev/full')).toEqual({ status: 1, stderr: '' })
  },
)

test('nothing of a terminal is left behind by an error', async () => {
  const cwd = await scratchFolder()
  const { code, screen } = await onTerminal(['jwks', 'nope.pem'], { cwd })
  expect([code, screen]).toEqual([
    2,
    `${escapeCode}31merror:${escapeCode}39m File nope.pem (<file>) does not exist.\n`,
  ])
})

async function loadedModules(folder: string): Promise<string[]> {
  const [file = ''] = await readdir(folder)
  const { result } = JSON.parse(await readFile(join(folder, file), 'utf8'))
  return (result as { url: string }[]).map(({ url }) => url)
}

test.each([60, 100])('every help fits %i columns', async (columns) => {
  const cwd = await scratchFolder()
  const call = { cwd, env: { COLUMNS: String(columns) } }
  for (const name of ['', ...commands]) {
    const { stdout } = await countersign([...name.split(' ').filter(Boolean), '--help'], call)
    expect(stdout.split('\n').filter((line) => line.length > columns)).toEqual([])
  }
})

test('the report of doctor wraps with hanging indents', async () => {
  const report = `x Options
x Private key

This cannot work, so no token was requested.
1. --client-id (or CLIENT_ID) is missing.
2. No private key. Pass --key, or set PRIVATE_KEY or
   PRIVATE_KEY_FILE. countersign keygen creates one.
Token requests: 0.
`
  const env = { COLUMNS: '60' }
  const call = { cwd: await scratchFolder(), env }
  const args = ['doctor', '--profile', 'jack-henry']
  const { stdout } = await countersign(args, call)
  expect(stdout).toBe(report)
  const { screen } = await onTerminal(args, { ...call, env: { ...env, NO_COLOR: '1' } })
  expect(screen).toBe(report)
})

test.each([60, 100])('at %i columns, only values and lines to copy are wider', async (columns) => {
  const cwd = await preparedFolder()
  const call = { cwd, env: { COLUMNS: String(columns) } }
  for (const name of ['keygen', 'serve', 'doctor', 'inspect', 'jwks add', 'jwks retire']) {
    const { stdout } = await countersign(doing[name] ?? [], call)
    const wide = stdout.split('\n').filter((line) => line.length > columns)
    expect(wide.filter((line) => !/^ *\S+$|^ {4}/.test(line))).toEqual([])
  }
})

test('a wrapped command can be pasted', async () => {
  const call = { cwd: await scratchFolder(), env: { COLUMNS: '60' } }
  const { stdout } = await countersign(['keygen'], call)
  const step = 'countersign jwks add --set <hosted set> \\\n       countersign.jwks.json\n'
  expect(stdout).toContain(`     ${step}`)
})

test('the values of the user are never shortened', async () => {
  const cwd = await preparedFolder()
  const name = `${'long-'.repeat(40)}name`
  const long = { file: `${'folder/'.repeat(50)}${name}.pem`, kid: name.repeat(2) }
  const env = { COLUMNS: '60' }
  for (const [args, value] of [
    [['jwks', long.file], long.file],
    [['assert', '--profile', name], name],
    [[name], name],
    [['jwks', 'retire', '--set', 'set.json', '--kid', long.kid], long.kid],
    [['doctor', '--offline', '--key', 'key.pem', '--audience', long.kid], long.kid],
  ] as const) {
    const { screen } = await onTerminal(args, { cwd, env })
    expect(screen).toContain(value)
  }
})

test.each([
  ['22.11.0', 'error: countersign needs Node.js 22.12 or newer. This is v22.11.0.\n'],
  ['22.12.0', ''],
])('checks the version of Node.js before the first import: %s', (node, stderr) => {
  const code = `
    Object.defineProperty(process, 'version', { value: 'v${node}' })
    Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${node}' } })`
  const preload = `--import=data:text/javascript,${encodeURIComponent(code)}`
  const ended = spawnSync(process.execPath, [preload, main, '-v'], { encoding: 'utf8' })
  expect([ended.status, ended.stderr]).toEqual([stderr === '' ? 0 : 1, stderr])
})

test('names npx in its steps and its help when npx runs it', async () => {
  const cwd = await scratchFolder()
  const surroundings = { cwd, env: { npm_command: 'exec' } }
  const { stdout } = await countersign(['keygen'], surroundings)
  expect(stdout).toContain('     npx countersign jwks add --set')
  expect(stdout).toContain('4. Try it: npx countersign doctor\n')
  const help = await countersign(['token', '--help'], surroundings)
  expect(help.stdout).toContain('\n  npx countersign token --key countersign.pem\n')
})
