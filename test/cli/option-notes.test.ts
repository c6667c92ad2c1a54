import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createAuthorizationServer } from '@countersign/testing'
import { expect, onTestFinished, test } from 'vitest'
import { countersign, documentOf, scratchFolder } from './command-line.ts'

interface Report {
  readonly checks: readonly { readonly id: string; readonly detail: string }[]
  readonly hints: readonly string[]
}

const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

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
  ['a kid is missing', [], '--kid (KID)'],
  ['unknown kid', ['--kid', 'x'], '--kid (KID)'],
  ['wrong algorithm', [], '--alg (ALG)'],
  ['the lifetime is too long', [], '--lifetime'],
  ['wrong aud', [], '--audience (AUDIENCE)'],
  ['wrong scope', ['--scope', 'x'], '--scope (SCOPE)'],
  ['unknown resource', ['--resource', 'https://x.test'], '--resource (RESOURCE)'],
  ['unknown client', [], '--client-id (CLIENT_ID)'],
])('for %j with %j names the flag to change, and no option', async (words, flags, flag) => {
  const { server, cwd, env } = await scene()
  const refusal = {
    status: 401,
    body: { error: 'invalid_client', error_description: words },
  }
  const args = ['--key', 'key.pem', ...flags]
  server.next(refusal)
  const token = await countersign(['token', ...args], { cwd, env })
  expect(token).toMatchObject({ code: 1, stdout: '' })
  expect(token.stderr).toContain(flag)
  expect(token.stderr).not.toMatch(/'(kid|alg|scope|resource|clientId)'|assertion\.\w/)
  server.next(refusal)
  const doctor = await countersign(['doctor', '--json', ...args], { cwd, env })
  expect(doctor.code).toBe(1)
  const { checks, hints } = documentOf<Report>(doctor)
  expect(checks.at(-1)).toMatchObject({
    id: 'token-request',
    detail: `ERR_OAUTH: the token endpoint answered 401 'invalid_client'. The server reports: "${words}".`,
  })
  expect(hints.join(' ')).toContain(flag)
})

test('names no flag where no option is suspected', async () => {
  const { server, cwd, env } = await scene()
  server.next({ status: 503 })
  const { stdout } = await countersign(['doctor', '--key', 'key.pem'], { cwd, env })
  expect(stdout).toContain(
    'x Token request: ERR_TOKEN_UNAVAILABLE: the token endpoint answered 503.\n',
  )
  expect(stdout).not.toContain('Check --')
})

test.each<[string, Record<string, string>, string]>([
  [
    'a path in PRIVATE_KEY',
    { PRIVATE_KEY: 'key.pem' },
    'PRIVATE_KEY must be the text of the key, not a path. Pass the path with --key or PRIVATE_KEY_FILE.',
  ],
  [
    'plain http',
    { PRIVATE_KEY_FILE: 'key.pem', TOKEN_ENDPOINT: 'http://as.example.com/token' },
    '--token-endpoint (TOKEN_ENDPOINT) must be https',
  ],
  [
    'a client ID that is not ASCII',
    { PRIVATE_KEY_FILE: 'key.pem', CLIENT_ID: '\u00fc' },
    '--client-id (CLIENT_ID) must be',
  ],
])('%s is answered by what a shell can do', async (_, variables, told) => {
  const { cwd, env } = await scene()
  for (const command of ['assert', 'token', 'doctor']) {
    const call = { cwd, env: { ...env, ...variables } }
    const { stdout, stderr, code } = await countersign([command], call)
    expect(code).toBeGreaterThan(0)
    expect(stdout + stderr).toContain(told)
  }
})

test('doctor says each finding once', async () => {
  const { server, cwd, env } = await scene()
  const args = ['doctor', '--key', 'key.pem', '--audience', 'https://as.example.com/']
  server.next({ status: 401, body: { error: 'invalid_client', error_description: 'wrong aud' } })
  const asked = await countersign(args, { cwd, env })
  expect(asked.stdout.match(/is not the token endpoint|on another host than/g)).toHaveLength(1)
  const { hints } = documentOf<{ hints: string[] }>(
    await countersign([...args, '--json', '--offline'], { cwd, env }),
  )
  expect(hints).toHaveLength(1)
  const offline = await countersign([...args, '--offline'], { cwd, env })
  expect(offline.stdout).toContain('! Audience\n')
  expect(offline.stdout.split(String(hints[0]))).toHaveLength(2)
})

test('names a proxy variable that fetch ignores', async () => {
  const { server, cwd, env } = await scene()
  await server.close()
  const call = { cwd, env: { ...env, HTTP_PROXY: 'http://proxy.invalid' } }
  const { stderr } = await countersign(['token', '--key', 'key.pem'], call)
  expect(stderr).toContain('HTTP_PROXY is set')
  expect(stderr).toContain('start Node with NODE_USE_ENV_PROXY=1')
})

test('the words of the server stay as they were said', async () => {
  const { server, cwd, env } = await scene()
  const said = "Parameter 'scope' is not allowed; 'key' unknown; kid missing"
  server.next({ status: 401, body: { error: 'invalid_client', error_description: said } })
  const { stderr } = await countersign(['token', '--key', 'key.pem'], { cwd, env })
  expect(stderr.replace(/\s+/g, ' ')).toContain(`The server reports: "${said}".`)
  expect(stderr).toContain('--kid (KID)')
})
