import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { glob, readFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import { createTokenProvider } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { expect, onTestFinished, test } from 'vitest'
import { leakSearch } from '../support/leak-search.ts'
import { countersign, main, onTerminal, scratchFolder } from './command-line.ts'

interface Ready {
  readonly variables: { CLIENT_ID: string; TOKEN_ENDPOINT: string; API_ORIGIN: string }
}

async function folderWithKey() {
  const cwd = await scratchFolder()
  expect((await countersign(['keygen'], { cwd })).code).toBe(0)
  return { cwd, key: await readFile(join(cwd, 'countersign.pem'), 'utf8') }
}

/** The members of each logged request. */
const timed = { time: expect.stringMatching(/^\d{4}-.*Z$/), duration: expect.any(Number) }

/** The command at work, its lines of JSON one by one; it ends with the test. */
function serving(cwd: string, ...args: string[]) {
  const child = spawn(process.execPath, [main, 'serve', '--json', ...args], { cwd, env: {} })
  onTestFinished(() => void child.kill('SIGKILL'))
  const closed = once(child, 'close')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => JSON.parse(String((await lines.next()).value))
  return { child, closed, next }
}

test('registers the key, logs each request, and ends by a signal', async () => {
  const { cwd, key } = await folderWithKey()
  const { child, closed, next } = serving(cwd, '--save', '.env')
  const { variables } = (await next()) as Ready
  const saved = await readFile(join(cwd, '.env'), 'utf8')
  expect(saved.trim().split('\n')).toEqual([
    '# Written by countersign serve --save, which replaces these lines:',
    ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    '# The end of the lines of countersign serve --save.',
  ])
  expect(variables).toMatchObject({ PRIVATE_KEY_FILE: 'countersign.pem' })

  const { CLIENT_ID: clientId, TOKEN_ENDPOINT: tokenEndpoint, API_ORIGIN: api } = variables
  const tokens = createTokenProvider({ clientId, tokenEndpoint, key })
  const send = authorizedFetch(tokens, { origins: [api] })
  expect((await send(`${api}/accounts?secret=1`)).status).toBe(200)
  const logged = [await next(), await next()]
  expect(logged).toEqual([
    { ...timed, type: 'token-request', status: 200, clientId },
    { ...timed, type: 'api-request', status: 200, method: 'GET', path: '/accounts' },
  ])
  const search = leakSearch()
  search.add((await tokens.getAccessToken()).value)
  expect(search.isIn(JSON.stringify(logged))).toBe(false)

  const stranger = createTokenProvider({ clientId: 'nobody', tokenEndpoint, key })
  await expect(stranger.getAccessToken()).rejects.toMatchObject({ code: 'ERR_OAUTH' })
  expect(await next()).toMatchObject({
    ...{ type: 'token-request', status: 401, clientId: 'nobody' },
    refusal: expect.stringContaining('not registered'),
  })
  child.kill('SIGINT')
  expect(await next()).toEqual({ type: 'ended', tokenRequests: 2, apiRequests: 1 })
  expect(await closed).toEqual([0, null])
  await expect(fetch(api)).rejects.toThrow('fetch failed')
})

test('each request is logged, whatever it is and gets', async () => {
  const { cwd } = await folderWithKey()
  const { child, closed, next } = serving(cwd)
  const { TOKEN_ENDPOINT: token, API_ORIGIN: api } = ((await next()) as Ready).variables
  const { origin } = new URL(token)
  const form = new URLSearchParams({ client_id: 'client-1' })
  const logged: unknown[] = []
  for (const [url, init] of [
    [`${origin}/tokens?secret=1`, { method: 'POST', body: form }],
    [token, {}],
    [token, { method: 'POST', body: form }],
    [`${origin}/jwks`, {}],
    [`${api}/token`, { method: 'POST', body: form }],
  ] as const) {
    await fetch(url, init)
    logged.push(await next())
  }
  expect(logged).toEqual([
    { ...timed, type: 'other-request', status: 404, method: 'POST', path: '/tokens' },
    { ...timed, type: 'other-request', status: 405, method: 'GET', path: '/token' },
    {
      ...timed,
      type: 'token-request',
      status: 400,
      clientId: 'client-1',
      refusal: 'invalid_request: grant_type is missing',
    },
    { ...timed, type: 'other-request', status: 200, method: 'GET', path: '/jwks' },
    { ...timed, type: 'api-request', status: 401, method: 'POST', path: '/token' },
  ])
  child.kill('SIGINT')
  expect(await next()).toEqual({ type: 'ended', tokenRequests: 1, apiRequests: 1 })
  expect(await closed).toEqual([0, null])
})

test('the set is read again when its file has changed, and stays where that is no set', async () => {
  const { cwd } = await folderWithKey()
  const { next } = serving(cwd)
  const { variables } = (await next()) as Ready
  const made = await countersign(['keygen', '--out', 'next', '--kid', '2026'], { cwd })
  expect(made.code).toBe(0)
  const set = join(cwd, 'countersign.jwks.json')
  const env = { ...variables, KID: '2026', PRIVATE_KEY_FILE: 'next.pem' }
  expect(await countersign(['token'], { cwd, env })).toMatchObject({ code: 1 })
  expect(await next()).toMatchObject({ type: 'token-request', status: 401 })

  const add = ['jwks', 'add', '--set', set, 'next.jwks.json']
  expect(await countersign(add, { cwd })).toMatchObject({ code: 0 })
  expect(await countersign(['token'], { cwd, env })).toMatchObject({ code: 0 })
  expect(await next()).toEqual({ type: 'jwks', kids: [expect.any(String), '2026'] })
  expect(await next()).toMatchObject({ type: 'token-request', status: 200 })

  await writeFile(set, 'no set')
  expect(await countersign(['token'], { cwd, env })).toMatchObject({ code: 0 })
  expect(await next()).toEqual({
    type: 'jwks',
    error: expect.stringContaining('is not a JWK Set: JSON with an array of keys.'),
  })
  expect(await next()).toMatchObject({ type: 'token-request', status: 200 })
})

test('grants the scope of --scope and no other', async () => {
  const { cwd } = await folderWithKey()
  const { next } = serving(cwd, '--scope', 'accounts:read openid')
  const { variables } = (await next()) as Ready
  const env = { ...variables, PRIVATE_KEY_FILE: 'countersign.pem' }
  const asked = (scope: string) => countersign(['token', '--scope', scope], { cwd, env })
  expect(await asked('openid')).toMatchObject({ code: 0 })
  const refused = await asked('openid payments')
  expect(refused).toMatchObject({ code: 1 })
  expect(refused.stderr).toContain('the client may not ask for payments')
})

test.each([
  [
    ['--token-lifetime', '0'],
    '--token-lifetime must be a whole number of seconds from 1 to 86400.',
  ],
  [
    ['--client-id', 'x y'],
    '--client-id (CLIENT_ID) must be 1 to 1,024 printable ASCII characters without spaces.',
  ],
])('%j is refused: no program could work with it', async (args, message) => {
  const { cwd } = await folderWithKey()
  expect(await countersign(['serve', '--for', '0', ...args], { cwd })).toEqual({
    code: 2,
    stdout: '',
    stderr: `error: ${message}\n`,
  })
})

test('stops after --for, and prints the variables to set', async () => {
  const { cwd } = await folderWithKey()
  const { code, stdout, stderr } = await countersign(['serve', '--for', '0'], { cwd })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(
    /^\+ Running until Ctrl-C\..*\nCLIENT_ID=client-1\nTOKEN_ENDPOINT=http:\/\/127\.0\.0\.1:\d+\/token\nAPI_ORIGIN=http:\/\/127\.0\.0\.1:\d+\n/,
  )
  expect(stdout).toMatch(/\n0 token requests, 0 API requests\.\n$/)
  const { screen } = await onTerminal(['serve', '--for', '0'], { cwd })
  expect(screen).toContain('TOKEN_ENDPOINT=http://127.0.0.1:')
})

test('a second run replaces its own lines, and no other line', async () => {
  const { cwd } = await folderWithKey()
  const file = join(cwd, '.env')
  const run = () => countersign(['serve', '--for', '0', '--save', '.env', '--json'], { cwd })
  const variables = async () => parseEnv(await readFile(file, 'utf8'))
  expect(await run()).toMatchObject({ code: 0 })
  const first = await variables()
  const block = await readFile(file, 'utf8')
  const before = '# mine\nPASSWORD="two\nlines"\n'
  await writeFile(file, `${before}${block}KID=2025\nSCOPE="a b"\n`)
  const again = await run()
  expect(again).toMatchObject({ code: 0 })
  const ready = JSON.parse(again.stdout.split('\n')[0] ?? '') as Ready
  expect(await variables()).toEqual({
    ...ready.variables,
    ...{ PASSWORD: 'two\nlines', KID: '2025', SCOPE: 'a b' },
  })
  expect((await readFile(file, 'utf8')).startsWith(before)).toBe(true)
  expect(ready.variables.TOKEN_ENDPOINT).not.toBe(first.TOKEN_ENDPOINT)
  const named = await countersign(
    ['serve', '--for', '0', '--save', '.env', '--client-id', "a#b'c", '--json'],
    { cwd },
  )
  expect(named).toMatchObject({ code: 0 })
  expect(await variables()).toMatchObject({ CLIENT_ID: "a#b'c" })
})

test('appends its lines to a file that has others', async () => {
  const { cwd } = await folderWithKey()
  const file = join(cwd, '.env')
  await writeFile(file, 'KID=2025')
  expect(await countersign(['serve', '--for', '0', '--save', '.env'], { cwd })).toMatchObject({
    code: 0,
  })
  const saved = await readFile(file, 'utf8')
  expect(saved).toMatch(/^KID=2025\n\n# Written by countersign serve/)
  expect(parseEnv(saved)).toMatchObject({ KID: '2025', CLIENT_ID: 'client-1' })
})

test('creates a key without a JWK Set, so that a program needs the file of --save only', async () => {
  const cwd = await scratchFolder()
  const { next } = serving(cwd, '--save', '.env')
  const files = { privateKey: 'countersign.pem', publicKey: 'countersign.pub.pem' }
  expect(await next()).toEqual({
    ...{ type: 'key', kid: expect.any(String) },
    files: { ...files, jwks: 'countersign.jwks.json' },
  })
  await next()
  const { code, stdout } = await countersign(['token', '--json'], { cwd })
  expect([code, JSON.parse(stdout).tokenType]).toEqual([0, 'Bearer'])
  expect(await next()).toMatchObject({ type: 'token-request', status: 200 })
  const missing = await countersign(['serve', '--jwks', 'other.json'], { cwd })
  expect(missing).toMatchObject({ code: 2, stdout: '' })
  expect(missing.stderr).toContain('other.json')
})

test('listens at --port and the next one, and names a port that is taken', async () => {
  const { cwd } = await folderWithKey()
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  onTestFinished(() => void taken.close())
  const { port } = taken.address() as AddressInfo
  const ended = await countersign(['serve', '--port', String(port)], { cwd })
  expect(ended).toEqual({
    ...{ code: 1, stdout: '' },
    stderr: `error: Port ${port} is taken. Stop the program that uses it, or pass another --port.\n`,
  })
  taken.close()
  const { next } = serving(cwd, '--port', String(port))
  expect(((await next()) as Ready).variables).toMatchObject({
    TOKEN_ENDPOINT: `http://127.0.0.1:${port}/token`,
    API_ORIGIN: `http://127.0.0.1:${port + 1}`,
  })
})

test('overwrites no other file with --save', async () => {
  const { cwd } = await folderWithKey()
  const pem = await countersign(['serve', '--for', '0', '--jwks', 'countersign.pem'], { cwd })
  expect(pem).toEqual({
    code: 1,
    stdout: '',
    stderr:
      'error: countersign.pem is not a JWK Set: JSON with an array of keys. Create one with countersign jwks.\n',
  })
  const taken = await countersign(['serve', '--for', '0', '--save', 'countersign.pem'], { cwd })
  expect(taken).toMatchObject({ code: 1, stdout: '' })
  expect(taken.stderr).toContain('countersign.pem exists and is not overwritten.')
})

test('what serve writes of the API is what examples and pages read of it', async () => {
  const root = new URL('../../', import.meta.url)
  const pages: string[] = []
  for await (const page of glob(
    ['examples/*.ts', 'docs/**/*.md', 'README.md', 'packages/cli/**/*.md'],
    {
      cwd: fileURLToPath(root),
      exclude: ['**/node_modules/**'],
    },
  ))
    pages.push(await readFile(new URL(page, root), 'utf8'))
  const names = pages.flatMap((text) => text.match(/\bAPI_[A-Z]+\b/g) ?? [])
  expect(names.length).toBeGreaterThan(10)
  expect(new Set(names)).toEqual(new Set(['API_ORIGIN']))
})

test('the help of --json says that it prints one document per line', async () => {
  const { stdout } = await countersign(['serve', '--json', '--help'], { cwd: process.cwd() })
  expect(stdout).toMatch(/--json +print one JSON document per line\n/)
})
