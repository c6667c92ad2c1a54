import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createAuthorizationServer } from '@countersign/testing'
import { expect, test } from 'vitest'
import { countersign, documentOf, main, onTerminal, scratchFolder } from './command-line.ts'

const commands = [
  ...['keygen', 'serve', 'doctor', 'token', 'assert', 'inspect'],
  ...['jwks', 'jwks add', 'jwks retire'],
]
const escapeCode = '\u001b['
const isColoured = (screen: string) =>
  screen
    .split(escapeCode)
    .slice(1)
    .some((code) => /^\d+m/.test(code))
const client = ['--client-id', 'a', '--token-endpoint', 'https://as.example.com/token']

/** Each command with arguments that do. */
const doing: Record<string, string[]> = {
  keygen: ['keygen', '--out', 'new'],
  serve: ['serve', '--jwks', 'set.json', '--for', '0'],
  doctor: ['doctor', '--key', 'a.pem'],
  token: ['token', '--key', 'a.pem'],
  assert: ['assert', ...client, '--key', 'a.pem'],
  inspect: ['inspect', 'assertion.txt'],
  jwks: ['jwks', 'a.pem'],
  'jwks add': ['jwks', 'add', '--set', 'set.json', 'b.pem'],
  'jwks retire': ['jwks', 'retire', '--set', 'two.json', '--kid', 'a'],
}

async function preparedFolder() {
  const folder = await scratchFolder()
  const cwd = folder.path
  const into = async (file: string, args: string[]) =>
    writeFile(join(cwd, file), (await countersign(args, { cwd })).stdout)
  for (const name of ['a', 'b']) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
    await writeFile(join(cwd, `${name}.pem`), pem)
    const jwk = { ...privateKey.export({ format: 'jwk' }), kid: name }
    await writeFile(join(cwd, `${name}.jwk.json`), JSON.stringify(jwk))
  }
  await into('set.json', ['jwks', 'a.jwk.json'])
  await into('two.json', ['jwks', 'a.jwk.json', 'b.jwk.json'])
  await into('assertion.txt', ['assert', ...client, '--key', 'a.pem'])
  const server = await createAuthorizationServer()
  server.register({
    clientId: 'a',
    jwks: JSON.parse(await readFile(join(cwd, 'set.json'), 'utf8')),
  })
  const variables = `CLIENT_ID=a\nTOKEN_ENDPOINT=${server.tokenEndpoint}\n`
  await writeFile(join(cwd, '.env'), variables)
  return {
    cwd,
    async [Symbol.asyncDispose]() {
      await server.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

test('the first help screen lists every command in the order of use, and links the docs', async () => {
  await using folder = await scratchFolder()
  const { code, stdout } = await countersign(['--help'], { cwd: folder.path })
  expect(code).toBe(0)
  const listed = [...stdout.matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map(([, name]) => name)
  expect(listed).toEqual([...new Set(commands.map((name) => name.split(' ')[0]))])
  expect(Object.keys(doing)).toEqual(commands)
  expect(stdout).toContain('\nDocumentation:\n  https://')
})

test.each(commands)(
  '%s works in a pipe: plain text, and one document with --json',
  async (name) => {
    const args = doing[name] ?? []
    await using folder = await preparedFolder()
    const plain = await countersign(args, folder)
    expect(plain).toMatchObject({ code: 0, stderr: '' })
    expect(plain.stdout).not.toContain('\u001b')
    await using again = await preparedFolder()
    const ended = await countersign([...args, '--json'], again)
    expect(ended).toMatchObject({ code: 0, stderr: '' })
    // A document a line, of a command that goes on.
    const documents =
      name === 'serve'
        ? ended.stdout
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line))
        : [documentOf(ended)]
    for (const document of documents) expect(Object.keys(document)).not.toEqual([])
  },
)

test.each(commands)(
  '%s works on a terminal: in colours, and without them for NO_COLOR',
  async (name) => {
    const args = doing[name] ?? []
    await using folder = await preparedFolder()
    const { code, screen } = await onTerminal(args, folder)
    expect(code).toBe(0)
    expect(isColoured(screen)).toBe(true)
    await using again = await preparedFolder()
    const plain = await onTerminal(args, { ...again, env: { NO_COLOR: '1' } })
    expect(plain.code).toBe(0)
    expect(isColoured(plain.screen)).toBe(false)
  },
)

test.each(commands)(
  '%s has help with examples and exit codes, which loads no other command',
  async (name) => {
    await using folder = await scratchFolder()
    const cwd = folder.path
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
  const page = await readFile(
    new URL('../../docs/reference/command-line.md', import.meta.url),
    'utf8',
  )
  await using folder = await scratchFolder()
  for (const name of commands) {
    const { stdout } = await countersign([...name.split(' '), '--help'], { cwd: folder.path })
    const words = [...stdout.matchAll(/--[a-z-]+|(?<=env: )[A-Z_]+|PRIVATE_KEY\w*/g)].flat()
    for (const word of [...words, ...name.split(' ')].filter((one) => one !== '--help'))
      expect(page).toContain(`\`${word}`)
    for (const [, code] of stdout.matchAll(/^ {2}(\d+) {2}/gm)) expect(page).toMatch(`\n| ${code} `)
  }
})

test('--version loads no command and no library but that of the command line', async () => {
  await using folder = await scratchFolder()
  const env = { NODE_V8_COVERAGE: join(folder.path, 'coverage') }
  const ended = await countersign(['--version'], { cwd: folder.path, env })
  expect(ended).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: '' })
  const loaded = await loadedModules(join(folder.path, 'coverage'))
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
  await using folder = await scratchFolder()
  const cwd = folder.path
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

test('without a command there is the help', async () => {
  await using folder = await scratchFolder()
  const help = await countersign(['--help'], { cwd: folder.path })
  expect(help).toMatchObject({ code: 0, stderr: '' })
  expect(await countersign([], { cwd: folder.path })).toEqual(help)
})

test('a .env that is no file is named once', async () => {
  await using folder = await scratchFolder()
  await mkdir(join(folder.path, '.env'))
  expect(await countersign(['assert'], { cwd: folder.path })).toEqual({
    code: 2,
    stdout: '',
    stderr: 'error: File .env cannot be read: EISDIR.\n',
  })
})

test('a .env that is there and cannot be read is an error, not silence', async () => {
  await using folder = await preparedFolder()
  await writeFile(join(folder.cwd, '.env'), 'x'.repeat(1024 * 1024 + 1))
  expect(await countersign(['jwks', 'a.pem'], folder)).toEqual({
    code: 2,
    stdout: '',
    stderr: 'error: The file of .env is larger than 1 MiB.\n',
  })
})

test('progress is shown on a terminal, on stderr alone', async () => {
  await using folder = await scratchFolder()
  const args = ['keygen', '--alg', 'PS256']
  const { screen } = await onTerminal([...args, '--out', 'a'], { cwd: folder.path })
  expect(screen).toContain('Creating the key (PS256)')
  const piped = await countersign([...args, '--out', 'b'], { cwd: folder.path })
  expect(piped).toMatchObject({ code: 0, stderr: '' })
  expect(piped.stdout).not.toContain('Creating the key')
})

test('stays silent when a reader closes the pipe early', async () => {
  await using folder = await preparedFolder()
  const script = '"$0" "$@" | true'
  const { stderr } = spawnSync('sh', ['-c', script, process.execPath, main, 'jwks', 'a.pem'], {
    cwd: folder.cwd,
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
})

test.each([['jwks', 'a.pem'], ['doctor', '--key', 'a.pem', '--offline', '--json'], ['--help']])(
  'a full disk is one line and exit code 1: %s',
  async (...args) => {
    await using folder = await preparedFolder()
    const into = (redirection: string) => {
      const { status, stderr } = spawnSync(
        'sh',
        ['-c', `"$0" "$@" ${redirection}`, process.execPath, main, ...args],
        { cwd: folder.cwd, encoding: 'utf8' },
      )
      return { status, stderr }
    }
    const told = 'error: The output cannot be written: ENOSPC.\n'
    expect(into('> /dev/full')).toEqual({ status: 1, stderr: told })
    expect(into('> /dev/full 2> /dev/full')).toEqual({ status: 1, stderr: '' })
  },
)

test('nothing of a terminal is left behind by an error', async () => {
  await using folder = await scratchFolder()
  const { code, screen } = await onTerminal(['jwks', 'nope.pem'], { cwd: folder.path })
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

test.each([60, 80, 100])('every help fits %i columns', async (columns) => {
  await using folder = await scratchFolder()
  const call = { cwd: folder.path, env: { COLUMNS: String(columns) } }
  for (const name of ['', ...commands]) {
    const { stdout } = await countersign([...name.split(' ').filter(Boolean), '--help'], call)
    expect(stdout.split('\n').filter((line) => line.length > columns)).toEqual([])
  }
})

test.each([
  [
    60,
    `x Options
x Private key

This cannot work, so no token was requested.
1. --client-id (or CLIENT_ID) is missing.
2. No private key. Pass --key, or set PRIVATE_KEY or
   PRIVATE_KEY_FILE. countersign keygen creates one.
Token requests: 0.
`,
  ],
  [
    80,
    `x Options
x Private key

This cannot work, so no token was requested.
1. --client-id (or CLIENT_ID) is missing.
2. No private key. Pass --key, or set PRIVATE_KEY or PRIVATE_KEY_FILE.
   countersign keygen creates one.
Token requests: 0.
`,
  ],
  [
    100,
    `x Options
x Private key

This cannot work, so no token was requested.
1. --client-id (or CLIENT_ID) is missing.
2. No private key. Pass --key, or set PRIVATE_KEY or PRIVATE_KEY_FILE. countersign keygen creates
   one.
Token requests: 0.
`,
  ],
])('the report of doctor wraps at %i columns with hanging indents', async (columns, report) => {
  await using folder = await scratchFolder()
  const env = { COLUMNS: String(columns) }
  const args = ['doctor', '--profile', 'jack-henry']
  const { stdout } = await countersign(args, { cwd: folder.path, env })
  expect(stdout).toBe(report)
  const { screen } = await onTerminal(args, { cwd: folder.path, env: { ...env, NO_COLOR: '1' } })
  expect(screen).toBe(report)
})

test.each([60, 80, 100])(
  'at %i columns, only values and lines to copy are wider',
  async (columns) => {
    await using folder = await preparedFolder()
    const call = { ...folder, env: { COLUMNS: String(columns) } }
    for (const name of ['keygen', 'serve', 'doctor', 'inspect', 'jwks add', 'jwks retire']) {
      const { stdout } = await countersign(doing[name] ?? [], call)
      const wide = stdout.split('\n').filter((line) => line.length > columns)
      expect(wide.filter((line) => !/^ *\S+$|^ {4}/.test(line))).toEqual([])
    }
  },
)

test('a wrapped command can be pasted', async () => {
  await using folder = await scratchFolder()
  const call = { cwd: folder.path, env: { COLUMNS: '60' } }
  const { stdout } = await countersign(['keygen'], call)
  expect(stdout).toContain(
    '     countersign jwks add --set <hosted set> \\\n       countersign.jwks.json\n',
  )
})

test('a pipe without COLUMNS has whole lines', async () => {
  await using folder = await scratchFolder()
  const { stdout } = await countersign(['doctor'], { cwd: folder.path })
  expect(stdout).toContain(
    '\n3. No private key. Pass --key, or set PRIVATE_KEY or PRIVATE_KEY_FILE. countersign keygen creates one.\n',
  )
})

test('the values of the user are never shortened', async () => {
  await using folder = await preparedFolder()
  const name = `${'long-'.repeat(40)}name`
  const long = { file: `${'folder/'.repeat(50)}${name}.pem`, kid: name.repeat(2) }
  const env = { COLUMNS: '60' }
  for (const [args, value] of [
    [['jwks', long.file], long.file],
    [['assert', '--profile', name], name],
    [[name], name],
    [['jwks', 'retire', '--set', 'set.json', '--kid', long.kid], long.kid],
    [['doctor', '--offline', '--key', 'a.pem', '--kid', long.kid], long.kid],
    [['doctor', '--offline', '--key', 'a.pem', '--audience', long.kid], long.kid],
  ] as const) {
    const { screen } = await onTerminal(args, { ...folder, env })
    expect(screen).toContain(value)
  }
})

test.each(['-v', '--version'])('prints its version with %s', async (flag) => {
  const { code, stdout } = await countersign([flag], { cwd: import.meta.dirname })
  expect([code, stdout]).toEqual([0, '0.1.0\n'])
})

test.each([
  ['18.20.8', 'error: countersign needs Node.js 22.12 or newer. This is v18.20.8.\n'],
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
  await using folder = await scratchFolder()
  const surroundings = { cwd: folder.path, env: { npm_command: 'exec' } }
  const { stdout } = await countersign(['keygen'], surroundings)
  expect(stdout).toContain('     npx countersign jwks add --set')
  expect(stdout).toContain('4. Try it: npx countersign doctor\n')
  const help = await countersign(['token', '--help'], surroundings)
  expect(help.stdout).toContain('\n  npx countersign token --key countersign.pem\n')
})

test.each(['60', '100'])('wraps what keygen and serve print at %s columns', async (COLUMNS) => {
  await using folder = await scratchFolder()
  for (const args of [['keygen'], ['serve', '--for', '0', '--save', '.env']]) {
    const { stdout } = await countersign(args, { cwd: folder.path, env: { COLUMNS } })
    const prose = stdout.split('\n').filter((line) => !/^ *[A-Z_]+=|^kid|^private/.test(line))
    expect(
      prose.every((line) => line.length <= Number(COLUMNS)),
      stdout,
    ).toBe(true)
  }
})
