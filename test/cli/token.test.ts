import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createResourceServer } from '@countersign/testing'
import { expect, test } from 'vitest'
import { clientKey } from '../support/keys.ts'
import { leakSearch } from '../support/leak-search.ts'
import { runCommand } from '../support/run-program.ts'
import { countersign, documentOf, failure, main, onTerminal, startClient } from './command-line.ts'

const clientId = 'client'

async function scene(format: 'jwt' | 'opaque' = 'jwt') {
  const { server, cwd, env } = await startClient({ format })
  server.register({ clientId, jwks: clientKey.jwks, scope: 'accounts:read' })
  const variables = Object.entries({ ...env, PRIVATE_KEY_FILE: 'key.pem' })
  const dotenv = variables.map(([name, value]) => `${name}=${value}\n`).join('')
  await writeFile(join(cwd, '.env'), dotenv)
  return { server, cwd, token: (...args: string[]) => countersign(['token', ...args], { cwd }) }
}

test('prints a token that the API accepts, with one token request', async () => {
  const { server, token } = await scene()
  await using api = await createResourceServer(server)
  const { code, stdout, stderr } = await token('--scope', 'accounts:read')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const authorization = `Bearer ${stdout.trim()}`
  expect((await fetch(api.origin, { headers: { authorization } })).status).toBe(200)
  expect(server.requests).toMatchObject([{ status: 200, clientId }])
})

test('prints a header for a script, and with --json all that is known of the token', async () => {
  const { server, token } = await scene()
  await using api = await createResourceServer(server)
  const header = (await token('--show', 'header')).stdout.trim()
  const [name = '', value = ''] = header.split(': ')
  expect((await fetch(api.origin, { headers: { [name]: value } })).status).toBe(200)
  const { token: text, ...others } = documentOf(await token('--json', '--scope', 'accounts:read'))
  expect(server.isLive(String(text))).toBe(true)
  expect(others).toEqual({
    ...{ tokenType: 'Bearer', scope: 'accounts:read' },
    issuedAt: expect.any(Number),
    expiresAt: Number(others.issuedAt) + 600_000,
  })
})

test('prints the claims of a JWT, and reports that an opaque token has none', async () => {
  const { token } = await scene()
  const { claims } = documentOf<{ claims: object }>(await token('--show', 'claims', '--json'))
  expect(claims).toMatchObject({ client_id: clientId, exp: expect.any(Number) })
  const plain = await token('--show', 'claims')
  expect(JSON.parse(plain.stdout)).toMatchObject({ client_id: clientId })
  const opaque = await (await scene('opaque')).token('--show', 'claims')
  expect(opaque).toEqual(failure('The token is opaque: it has no claims to show.', 1))
})

test('the curl lines work as they are pasted: each flag that was given is in them', async () => {
  const { server, cwd } = await scene()
  await using api = await createResourceServer(server)
  await rename(join(cwd, 'key.pem'), join(cwd, "the client's key.pem"))
  await writeFile(join(cwd, '.env'), '')
  await writeFile(join(cwd, 'other.env'), `API_ORIGIN=${api.origin}\n`)
  const line = `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`
  await writeFile(join(cwd, 'countersign'), line, { mode: 0o755 })
  const flags = [
    ...['--client-id', clientId, '--token-endpoint', server.tokenEndpoint],
    ...['--key', "the client's key.pem", '--alg', 'ES256', '--audience', server.tokenEndpoint],
    ...['--lifetime', '90', '--claim', 'note=it\'s "$HOME"', '--claim', 'n=1'],
    ...['--scope', 'accounts:read', '--dotenv', 'other.env'],
  ]
  const { code, stdout } = await countersign(['token', '--show', 'curl', ...flags], { cwd })
  expect(code).toBe(0)
  expect(leakSearch(clientKey.privateKey).isIn(stdout)).toBe(false)
  for (const pasted of stdout.split('\n\n')) {
    const { code, stdout: answer } = await runCommand('sh', ['-c', pasted], {
      cwd,
      env: { PATH: `${cwd}:${process.env.PATH}` },
    })
    expect(code).toBe(0)
    expect(JSON.parse(answer)).toMatchObject(
      pasted.includes('/token') && pasted.includes('--data-urlencode')
        ? { token_type: 'Bearer', scope: 'accounts:read' }
        : { ok: true, url: '/' },
    )
  }
  const lived = server.requests.map(({ claims }) => claims as Record<string, unknown>)
  expect(lived).toHaveLength(2)
  for (const claims of lived) expect(claims).toMatchObject({ note: 'it\'s "$HOME"', n: 1 })
})

test('curl lines have no place for a key from stdin', async () => {
  const { cwd } = await scene()
  const args = ['token', '--show', 'curl', '--key', '-']
  expect(await countersign(args, { cwd, stdin: clientKey.pem })).toEqual(
    failure('Lines to copy cannot read the key from stdin. Pass a file with --key.'),
  )
})

test('prints a rejection once, with its hints, and does not retry', async () => {
  const { server, token } = await scene()
  const plain = await token('--client-id', 'nobody')
  expect(plain).toMatchObject({ code: 1, stdout: '' })
  expect(plain.stderr).toMatch(
    /^error: The token endpoint answered 401 'invalid_client'\..*Probably /,
  )
  expect(leakSearch(clientKey.privateKey).isIn(plain.stderr)).toBe(false)
  expect(server.requests).toHaveLength(1)
  const ended = await token('--client-id', 'nobody', '--json')
  expect(documentOf(ended)).toMatchObject({ error: { code: 'ERR_OAUTH' } })
  expect(server.requests).toHaveLength(2)
})

test('prints the expiry next to the token on a terminal', async () => {
  const { cwd } = await scene()
  const { code, screen } = await onTerminal(['token', '--scope', 'accounts:read'], { cwd })
  expect(code).toBe(0)
  expect(screen).toMatch(/eyJ[\w-]+\.[\w-]+\.[\w-]+/)
  expect(screen).toMatch(/A credential until it expires, 20\d\d-.*Z\. Scope: accounts:read\./)
})

test('a profile overrides the endpoint and audience of a .env that nobody named', async () => {
  const { server, cwd } = await scene()
  const audience = 'https://login.jackhenry.com/a/oidc-provider/api/v0/token'
  const variables = `TOKEN_ENDPOINT=${server.tokenEndpoint}\nAUDIENCE=${audience}\n`
  await writeFile(join(cwd, '.env'), variables)
  const args = ['--profile', 'jack-henry', '--client-id', clientId, '--key', 'key.pem']
  const { stdout } = await countersign(['token', ...args, '--show', 'curl'], { cwd })
  expect(stdout).toContain(`curl ${audience}`)
  expect(stdout).not.toContain(server.tokenEndpoint)
})

test.each([['TOKEN_ENDPOINT', 'AUDIENCE'], ['TOKEN_ENDPOINT'], ['AUDIENCE']])(
  'nothing is sent to one host for another if %s comes from an unnamed .env',
  async (...names) => {
    const { server, cwd } = await scene()
    const values = {
      TOKEN_ENDPOINT: server.tokenEndpoint,
      AUDIENCE: 'https://as.example.com/token',
    }
    const all = Object.entries(values)
    const file = all
      .filter(([name]) => names.includes(name))
      .map(([name, value]) => `${name}=${value}`)
    await writeFile(join(cwd, '.env'), `${file.join('\n')}\n`)
    const env = Object.fromEntries(all.filter(([name]) => !names.includes(name)))
    const args = ['token', '--client-id', clientId, '--key', 'key.pem', '--json']
    const ended = await countersign(args, { cwd, env })
    expect(ended.code).toBe(2)
    expect(documentOf(ended)).toEqual({
      error: {
        code: 'ERR_TWO_HOSTS',
        message: `The token endpoint is on 127.0.0.1, but the audience on as.example.com. ${names.join(' and ')} came from .env, so nothing was sent. If the values are right, pass --dotenv .env.`,
      },
    })
    expect(server.requests).toEqual([])
    await countersign([...args, '--dotenv', '.env'], { cwd, env })
    expect(server.requests).toHaveLength(1)
  },
)
