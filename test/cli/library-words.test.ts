import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createAuthorizationServer } from '@countersign/testing'
import { expect, onTestFinished, test } from 'vitest'
import { countersign, documentOf, scratchFolder } from './command-line.ts'

const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
/** Names that stand in programs alone. */
const programs = /assertion\.\w|allowInsecure|readFileSync|`fetch`|clientId|tokenEndpoint/

async function scene() {
  const server = await createAuthorizationServer()
  const folder = await scratchFolder()
  onTestFinished(async () => {
    await server.close()
    await folder[Symbol.asyncDispose]()
  })
  const jwk = createPublicKey(key).export({ format: 'jwk' })
  server.register({ clientId: 'a', jwks: { keys: [jwk] } })
  await writeFile(join(folder.path, 'key.pem'), key.export({ type: 'pkcs8', format: 'pem' }))
  const env = { CLIENT_ID: 'a', TOKEN_ENDPOINT: server.tokenEndpoint }
  return { server, cwd: folder.path, env }
}

test.each<[string, string[], string]>([
  ['a kid is missing', [], 'set --kid (KID).'],
  [
    'unknown kid',
    ['--kid', 'x'],
    'he kid x is not known for this client: register it, or correct --kid (KID).',
  ],
  ['wrong algorithm', [], 'set --alg (ALG) to that.'],
  ['the lifetime is too long', [], 'lower --lifetime.'],
  ['wrong aud', [], 'set --audience (AUDIENCE).'],
  [
    'wrong aud',
    ['--audience', 'x'],
    'he aud x is not the token endpoint: check --audience (AUDIENCE).',
  ],
])('of %j with %j the hints are told in flags', async (words, flags, told) => {
  const { server, cwd, env } = await scene()
  const refusal = {
    status: 401,
    body: { error: 'invalid_client', error_description: words },
  }
  const args = ['--key', 'key.pem', ...flags]
  server.next(refusal)
  const token = await countersign(['token', ...args], { cwd, env })
  expect(token).toMatchObject({ code: 1, stdout: '' })
  expect(token.stderr).toContain(told)
  expect(token.stderr).not.toMatch(programs)
  server.next(refusal)
  const doctor = await countersign(['doctor', '--json', ...args], { cwd, env })
  expect(doctor.code).toBe(1)
  expect(documentOf<{ hints: string[] }>(doctor).hints.join(' ')).toContain(told)
  expect(doctor.stdout).not.toMatch(programs)
})

test.each<[string, Record<string, string>, string]>([
  [
    'a path in PRIVATE_KEY',
    { PRIVATE_KEY: 'key.pem' },
    'The key is a path. PRIVATE_KEY is the text of the key: name its file by PRIVATE_KEY_FILE or --key.',
  ],
  [
    'plain http',
    { PRIVATE_KEY_FILE: 'key.pem', TOKEN_ENDPOINT: 'http://as.example.com/token' },
    '--token-endpoint (TOKEN_ENDPOINT) must be https: the assertion is a credential. Only localhost, 127.0.0.1 and [::1] may be http.',
  ],
])('%s is answered by what a shell can do', async (_, variables, told) => {
  const { cwd, env } = await scene()
  for (const command of ['assert', 'token', 'doctor']) {
    const call = { cwd, env: { ...env, ...variables } }
    const { stdout, stderr, code } = await countersign([command], call)
    expect(code).toBeGreaterThan(0)
    expect(stdout + stderr).toContain(told)
    expect(stdout + stderr).not.toMatch(programs)
  }
})

test('a proxy that is passed by is answered by what a shell can do', async () => {
  const { server, cwd, env } = await scene()
  await server.close()
  const { stderr } = await countersign(['token', '--key', 'key.pem'], {
    cwd,
    env: { ...env, HTTP_PROXY: 'http://proxy.invalid' },
  })
  expect(stderr).toContain('HTTP_PROXY is set')
  expect(stderr).toContain('start Node with NODE_USE_ENV_PROXY=1.')
  expect(stderr).not.toMatch(programs)
})

test('the words of the server stay as they were said', async () => {
  const { server, cwd, env } = await scene()
  const said = "Parameter 'scope' is not allowed; 'key' unknown; kid missing"
  server.next({ status: 401, body: { error: 'invalid_client', error_description: said } })
  const { stderr } = await countersign(['token', '--key', 'key.pem'], { cwd, env })
  expect(stderr.replace(/\s+/g, ' ')).toContain(`The server says: "${said}".`)
  expect(stderr).toContain('--kid (KID)')
})
