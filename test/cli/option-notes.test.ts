import { expect, test } from 'vitest'
import { countersign, documentOf, startClient } from './command-line.ts'

interface Report {
  readonly checks: readonly { readonly id: string; readonly detail: string }[]
  readonly hints: readonly string[]
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
  const { server, cwd, env } = await startClient()
  const refusal = { status: 401, body: { error: 'invalid_client', error_description: words } }
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
  const { server, cwd, env } = await startClient()
  server.next({ status: 503 })
  const { stdout } = await countersign(['doctor', '--key', 'key.pem'], { cwd, env })
  expect(stdout).toContain(
    'x Token request: ERR_TOKEN_UNAVAILABLE: the token endpoint answered 503.\n',
  )
  expect(stdout).not.toContain('Check --')
})

const keyFile = { PRIVATE_KEY_FILE: 'key.pem' }

test.each<[string, Record<string, string>]>([
  ['PRIVATE_KEY must be the text of the key, not a path. Pass', { PRIVATE_KEY: 'key.pem' }],
  ['--token-endpoint (TOKEN_ENDPOINT) must be https', { ...keyFile, TOKEN_ENDPOINT: 'http://a/' }],
  ['--client-id (CLIENT_ID) must be', { ...keyFile, CLIENT_ID: '\u00fc' }],
])('answers "%s" with what a shell can do', async (message, variables) => {
  const { cwd, env } = await startClient()
  for (const command of ['assert', 'token', 'doctor']) {
    const call = {
      cwd,
      env: { ...env, ...variables },
    }
    const { stdout, stderr, code } = await countersign([command], call)
    expect(code).toBeGreaterThan(0)
    expect(stdout + stderr).toContain(message)
  }
})

test('doctor says each finding once', async () => {
  const { server, cwd, env } = await startClient()
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

test('the words of the server stay as they were said', async () => {
  const { server, cwd, env } = await startClient()
  const said = "Parameter 'scope' is not allowed; 'key' unknown; kid missing"
  server.next({ status: 401, body: { error: 'invalid_client', error_description: said } })
  const { stderr } = await countersign(['token', '--key', 'key.pem'], { cwd, env })
  expect(stderr.replace(/\s+/g, ' ')).toContain(`The server reports: "${said}".`)
  expect(stderr).toContain('--kid (KID)')
})
