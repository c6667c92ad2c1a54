import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseEnv } from 'node:util'
import { createTokenProvider } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { expect, onTestFinished, test } from 'vitest'
import { clientKey } from '../support/keys.ts'
import { leakSearch } from '../support/leak-search.ts'
import { countersign, failure, main, onTerminal, scratchFolder } from './command-line.ts'

interface Ready {
  readonly variables: { CLIENT_ID: string; TOKEN_ENDPOINT: string; API_ORIGIN: string }
}

const keyFolder = () =>
  scratchFolder({
    'countersign.pem': clientKey.pem,
    'countersign.jwks.json': JSON.stringify({ keys: [{ ...clientKey.publicJwk, kid: '2025' }] }),
  })

/** The members of each logged request. */
const timed = { time: expect.stringMatching(/^\d{4}-.*Z$/), duration: expect.any(Number) }

/** Starts the command in the background. It is killed at the end of the test. */
function startServe(cwd: string, ...args: string[]) {
  const child = spawn(process.execPath, [main, 'serve', '--json', ...args], { cwd, env: {} })
  onTestFinished(() => void child.kill('SIGKILL'))
  const closed = once(child, 'close')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => JSON.parse(String((await lines.next()).value))
  const ready = async () => ((await next()) as Ready).variables
  /** Ends the command by a signal, and returns its last line. */
  const stop = async () => {
    child.kill('SIGINT')
    const last = await next()
    expect(await closed).toEqual([0, null])
    return last
  }
  return { next, ready, stop }
}

/** Runs the command until it is ready. */
const serveOnce = (cwd: string, ...args: string[]) =>
  countersign(['serve', '--for', '0', ...args], { cwd })

test('registers the key, logs each request, and ends by a signal', async () => {
  const cwd = await keyFolder()
  const { next, ready, stop } = startServe(cwd, '--save', '.env')
  const variables = await ready()
  const saved = await readFile(join(cwd, '.env'), 'utf8')
  expect(saved.trim().split('\n')).toEqual([
    '# Written by countersign serve --save, which replaces these lines:',
    ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    '# The end of the lines of countersign serve --save.',
  ])
  expect(variables).toMatchObject({ PRIVATE_KEY_FILE: 'countersign.pem' })

  const { CLIENT_ID: clientId, TOKEN_ENDPOINT: tokenEndpoint, API_ORIGIN: api } = variables
  const tokens = createTokenProvider({ clientId, tokenEndpoint, key: clientKey.pem })
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

  const stranger = createTokenProvider({ clientId: 'nobody', tokenEndpoint, key: clientKey.pem })
  await expect(stranger.getAccessToken()).rejects.toMatchObject({ code: 'ERR_OAUTH' })
  expect(await next()).toMatchObject({
    ...{ type: 'token-request', status: 401, clientId: 'nobody' },
    refusal: expect.stringContaining('not registered'),
  })
  expect(await stop()).toEqual({ type: 'ended', tokenRequests: 2, apiRequests: 1 })
  await expect(fetch(api)).rejects.toThrow('fetch failed')
})

test('each request is logged, whatever it is and gets', async () => {
  const cwd = await keyFolder()
  const { next, ready, stop } = startServe(cwd)
  const { TOKEN_ENDPOINT: token, API_ORIGIN: api } = await ready()
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
      ...{ ...timed, type: 'token-request', status: 400, clientId: 'client-1' },
      refusal: 'invalid_request: grant_type is missing',
    },
    { ...timed, type: 'other-request', status: 200, method: 'GET', path: '/jwks' },
    { ...timed, type: 'api-request', status: 401, method: 'POST', path: '/token' },
  ])
  expect(await stop()).toEqual({ type: 'ended', tokenRequests: 1, apiRequests: 1 })
})

test('the set is read again when its file has changed, and stays where that is no set', async () => {
  const cwd = await keyFolder()
  const { next, ready } = startServe(cwd)
  const variables = await ready()
  const made = await countersign(['keygen', '--out', 'next', '--kid', '2026'], { cwd })
  expect(made.code).toBe(0)
  const set = join(cwd, 'countersign.jwks.json')
  const env = { ...variables, KID: '2026', PRIVATE_KEY_FILE: 'next.pem' }
  expect(await countersign(['token'], { cwd, env })).toMatchObject({ code: 1 })
  expect(await next()).toMatchObject({ type: 'token-request', status: 401 })

  const add = ['jwks', 'add', '--set', set, 'next.jwks.json']
  expect(await countersign(add, { cwd })).toMatchObject({ code: 0 })
  expect(await countersign(['token'], { cwd, env })).toMatchObject({ code: 0 })
  expect(await next()).toEqual({ type: 'jwks', kids: ['2025', '2026'] })
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
  const cwd = await keyFolder()
  const { ready } = startServe(cwd, '--scope', 'accounts:read openid')
  const variables = await ready()
  const env = { ...variables, PRIVATE_KEY_FILE: 'countersign.pem' }
  const asked = (scope: string) => countersign(['token', '--scope', scope], { cwd, env })
  expect(await asked('openid')).toMatchObject({ code: 0 })
  const refused = await asked('openid payments')
  expect(refused).toMatchObject({ code: 1 })
  expect(refused.stderr).toContain('the client may not ask for payments')
})

test.each([
  ['--token-lifetime', '0', 'must be a whole number of seconds from 1 to 86400.'],
  [
    '--client-id',
    'x y',
    '(CLIENT_ID) must be 1 to 1,024 printable ASCII characters without spaces.',
  ],
])('rejects %s %j: no program could work with it', async (flag, value, message) => {
  const cwd = await keyFolder()
  expect(await serveOnce(cwd, flag, value)).toEqual(failure(`${flag} ${message}`))
})

test('stops after --for, and prints the variables to set', async () => {
  const cwd = await keyFolder()
  const { code, stdout, stderr } = await serveOnce(cwd)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(
    /^\+ Running until Ctrl-C\..*\nCLIENT_ID=client-1\nTOKEN_ENDPOINT=http:\/\/127\.0\.0\.1:\d+\/token\nAPI_ORIGIN=http:\/\/127\.0\.0\.1:\d+\n/,
  )
  expect(stdout).toMatch(/\n0 token requests, 0 API requests\.\n$/)
  const { screen } = await onTerminal(['serve', '--for', '0'], { cwd })
  expect(screen).toContain('TOKEN_ENDPOINT=http://127.0.0.1:')
})

test('a second run replaces its own lines, and no other line', async () => {
  const cwd = await keyFolder()
  const file = join(cwd, '.env')
  const run = (...args: string[]) => serveOnce(cwd, '--save', '.env', '--json', ...args)
  const variables = async () => parseEnv(await readFile(file, 'utf8'))
  const before = '# mine\nPASSWORD="two\nlines"\n'
  await writeFile(file, before)
  expect(await run()).toMatchObject({ code: 0 })
  const block = await readFile(file, 'utf8')
  expect(block).toMatch(/lines"\n\n# Written by countersign serve/)
  await writeFile(file, `${block}KID=2025\nSCOPE="a b"\n`)
  const again = await run()
  expect(again).toMatchObject({ code: 0 })
  const ready = JSON.parse(again.stdout.split('\n')[0] ?? '') as Ready
  expect(await variables()).toEqual({
    ...ready.variables,
    ...{ PASSWORD: 'two\nlines', KID: '2025', SCOPE: 'a b' },
  })
  expect((await readFile(file, 'utf8')).startsWith(before)).toBe(true)
  expect(ready.variables.TOKEN_ENDPOINT).not.toBe(parseEnv(block).TOKEN_ENDPOINT)
  expect(await run('--client-id', "a#b'c")).toMatchObject({ code: 0 })
  expect(await variables()).toMatchObject({ CLIENT_ID: "a#b'c" })
})

test('creates a key without a JWK Set, so that a program needs the file of --save only', async () => {
  const cwd = await scratchFolder()
  const { next } = startServe(cwd, '--save', '.env')
  expect(await next()).toMatchObject({ type: 'key', kid: expect.any(String) })
  await next()
  const { code, stdout } = await countersign(['token', '--json'], { cwd })
  expect([code, JSON.parse(stdout).tokenType]).toEqual([0, 'Bearer'])
  expect(await next()).toMatchObject({ type: 'token-request', status: 200 })
  const missing = await countersign(['serve', '--jwks', 'other.json'], { cwd })
  expect(missing).toMatchObject({ code: 2, stdout: '' })
  expect(missing.stderr).toContain('other.json')
})

test('listens at --port and the next one, and names a port that is taken', async () => {
  const cwd = await keyFolder()
  // No test that runs at the same time listens here: the system chooses ports above 32,768.
  const port = 20_000 + 2 * (process.pid % 5_000)
  const taken = createServer().listen(port, '127.0.0.1')
  await once(taken, 'listening')
  onTestFinished(() => void taken.close())
  const ended = await countersign(['serve', '--port', String(port)], { cwd })
  expect(ended).toEqual(
    failure(`Port ${port} is taken. Stop the program that uses it, or pass another --port.`, 1),
  )
  taken.close()
  const { ready } = startServe(cwd, '--port', String(port))
  expect(await ready()).toMatchObject({
    TOKEN_ENDPOINT: `http://127.0.0.1:${port}/token`,
    API_ORIGIN: `http://127.0.0.1:${port + 1}`,
  })
})

test('overwrites no other file with --save', async () => {
  const cwd = await keyFolder()
  const pem = await serveOnce(cwd, '--jwks', 'countersign.pem')
  expect(pem).toMatchObject({ code: 1, stdout: '' })
  expect(pem.stderr).toContain('countersign.pem is not a JWK Set')
  const taken = await serveOnce(cwd, '--save', 'countersign.pem')
  expect(taken).toMatchObject({ code: 1, stdout: '' })
  expect(taken.stderr).toContain('countersign.pem exists and is not overwritten.')
})

test('the help of --json says that it prints one document per line', async () => {
  const { stdout } = await countersign(['serve', '--json', '--help'], { cwd: process.cwd() })
  expect(stdout).toMatch(/--json +print one JSON document per line\n/)
})
