import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Algorithm } from '@countersign/core'
import { createAuthorizationServer } from '@countersign/testing'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { expect, test } from 'vitest'
import { countersign, documentOf, type Ended, onTerminal, scratchFolder } from './command-line.ts'

const clientId = 'institution-1'
const tokenEndpoint = 'https://login.example.com/token'
const ec = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const pem = (key: KeyObject) => String(key.export({ type: 'pkcs8', format: 'pem' }))
const client = ['--client-id', clientId, '--token-endpoint', tokenEndpoint]

async function folderWith(files: Record<string, string>) {
  const folder = await scratchFolder()
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder.path, name), text)
  return { cwd: folder.path, [Symbol.asyncDispose]: folder[Symbol.asyncDispose] }
}

const claimsOf = ({ stdout }: Ended) => decodeJwt(stdout.trim())

test.each<[Algorithm, KeyObject]>([
  ['ES256', ec()],
  ['PS256', rsa()],
  ['RS256', rsa()],
])('an authorization server takes the assertion, signed %s', async (alg, key) => {
  await using server = await createAuthorizationServer()
  const jwk = { ...createPublicKey(key).export({ format: 'jwk' }), kid: 'one' }
  server.register({ clientId, jwks: { keys: [jwk] }, algorithms: [alg] })
  await using folder = await folderWith({ 'key.pem': pem(key) })
  const env = { CLIENT_ID: clientId, TOKEN_ENDPOINT: server.tokenEndpoint, ALG: alg, KID: 'one' }
  const ended = await countersign(['assert', '--key', 'key.pem'], { ...folder, env })
  expect(ended).toMatchObject({ code: 0, stderr: '' })
  expect(server.requests).toEqual([])
  const response = await fetch(server.tokenEndpoint, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: ended.stdout.trim(),
    }),
  })
  expect(response.status).toBe(200)
  expect(decodeProtectedHeader(ended.stdout.trim())).toEqual({ alg, kid: 'one', typ: 'JWT' })
})

test('--json has the assertion, and what it says', async () => {
  await using folder = await folderWith({ 'key.pem': pem(ec()) })
  const ended = await countersign(['assert', ...client, '--key', 'key.pem', '--json'], folder)
  expect(ended).toMatchObject({ code: 0, stderr: '' })
  const { assertion, ...said } = documentOf<{ assertion: string }>(ended)
  expect(said).toEqual({
    header: decodeProtectedHeader(assertion),
    claims: decodeJwt(assertion),
  })
  expect(said).toMatchObject({ claims: { iss: clientId, sub: clientId, aud: tokenEndpoint } })
})

test('lifetime, audience and extra claims are those of the flags', async () => {
  await using folder = await folderWith({ 'key.pem': pem(ec()) })
  const asked = ['--lifetime', '300', '--audience', 'https://login.example.com/']
  const claims = ['--claim', 'purposeId="42"', '--claim', 'level=3', '--claim', 'note=a=b']
  const args = ['assert', ...client, '--key', 'key.pem', ...asked, ...claims]
  const { iat = 0, exp, ...said } = claimsOf(await countersign(args, folder))
  expect(exp).toBe(iat + 300)
  expect(said).toMatchObject({
    aud: 'https://login.example.com/',
    purposeId: '42',
    level: 3,
    note: 'a=b',
  })
})

test('a flag overrides the environment, that a named file, that the profile, and that an unnamed .env', async () => {
  const key = pem(ec())
  const dotenv = `CLIENT_ID='from-dotenv'\nAUDIENCE=from-dotenv # not this\nPRIVATE_KEY='${key}'\n`
  await using folder = await folderWith({ '.env': dotenv })
  const profile = ['assert', '--profile', 'jack-henry']
  const jackHenry = 'https://login.jackhenry.com/a/oidc-provider/api/v0/token'
  const aud = async (args: string[], env: Record<string, string>) => {
    const claims = claimsOf(await countersign(args, { ...folder, env }))
    return [claims.iss, claims.aud]
  }
  expect(await aud(profile, {})).toEqual(['from-dotenv', jackHenry])
  const named = [...profile, '--dotenv', '.env', '--token-endpoint', jackHenry]
  expect(await aud(named, {})).toEqual(['from-dotenv', 'from-dotenv'])
  const env = { CLIENT_ID: 'from-environment', AUDIENCE: 'from-environment' }
  expect(await aud(profile, env)).toEqual(['from-environment', 'from-environment'])
  const flags = ['--client-id', 'from-flag', '--audience', 'from-flag']
  expect(await aud([...profile, ...flags], env)).toEqual(['from-flag', 'from-flag'])

  await using bare = await folderWith({ '.env': `CLIENT_ID=a\nPRIVATE_KEY='${key}'\n` })
  expect(claimsOf(await countersign(profile, bare)).aud).toBe(jackHenry)
  const own = { TOKEN_ENDPOINT: 'https://sandbox.example.com/token' }
  const ended = await countersign(profile, { ...bare, env: own })
  expect(claimsOf(ended).aud).toBe('https://sandbox.example.com/token')
})

test('--key overrides PRIVATE_KEY, and an empty variable counts as not set', async () => {
  const [one, other] = [pem(ec()), pem(ec())]
  await using folder = await folderWith({ 'key.pem': one, '.env': `PRIVATE_KEY_FILE=key.pem` })
  const jwks = await countersign(['jwks', 'key.pem'], folder)
  await writeFile(join(folder.cwd, 'jwks.json'), jwks.stdout)
  const isByOne = async (args: string[], env: Record<string, string>) => {
    const { stdout } = await countersign(['assert', ...client, ...args], { ...folder, env })
    const { code } = await countersign(['inspect', '--jwks', 'jwks.json'], {
      ...folder,
      stdin: stdout,
    })
    return code === 0
  }
  expect(await isByOne(['--key', 'key.pem'], { PRIVATE_KEY: other })).toBe(true)
  expect(await isByOne([], { PRIVATE_KEY: '' })).toBe(true)
  expect(await isByOne([], { PRIVATE_KEY: other })).toBe(false)
})

test('on a terminal the passphrase is asked for, and not shown', async () => {
  const options = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc' } as const
  const key = String(ec().export({ ...options, passphrase: 'correct horse' }))
  await using folder = await folderWith({ 'key.pem': key })
  const typed = [['Passphrase of the private key: ', 'correct horse']] as const
  const args = ['assert', ...client, '--key', 'key.pem', '--passphrase']
  const { code, screen } = await onTerminal(args, { ...folder, typed })
  expect(code).toBe(0)
  expect(screen).toMatch(/^Passphrase of the private key: \neyJ[\w-]+\.[\w-]+\.[\w-]+\n/)
  expect(screen).toContain('Read it with countersign inspect, never on a web page.')
  expect(screen).not.toContain('correct')
})

const bothKeys = { PRIVATE_KEY: 'x', PRIVATE_KEY_FILE: 'y' }

test.each<[string, string[], Record<string, string>, number, string]>([
  [
    'no client ID',
    ['--token-endpoint', tokenEndpoint, '--key', 'ec.pem'],
    {},
    2,
    '--client-id (or CLIENT_ID) is missing.',
  ],
  [
    'no token endpoint',
    ['--client-id', clientId, '--key', 'ec.pem'],
    {},
    2,
    '--token-endpoint (or TOKEN_ENDPOINT) is missing.',
  ],
  [
    'no key',
    client,
    {},
    2,
    'No private key. Pass --key, or set PRIVATE_KEY or PRIVATE_KEY_FILE. countersign keygen creates one.',
  ],
  [
    'two keys',
    client,
    bothKeys,
    2,
    'PRIVATE_KEY and PRIVATE_KEY_FILE are mutually exclusive. Unset one.',
  ],
  [
    'a file that is not there',
    [...client, '--key', 'nope.pem'],
    {},
    2,
    'File nope.pem (--key) does not exist.',
  ],
  [
    'a folder for a file',
    [...client, '--key', '.'],
    {},
    2,
    'File . (--key) cannot be read: EISDIR.',
  ],
  [
    'an endpoint without TLS',
    ['--client-id', 'a', '--token-endpoint', 'http://example.com', '--key', 'ec.pem'],
    {},
    2,
    '--token-endpoint (TOKEN_ENDPOINT) must be https',
  ],
  [
    'an RSA key without its algorithm',
    [...client, '--key', 'rsa.pem'],
    {},
    2,
    'Set --alg (ALG) to the one registered for the client',
  ],
  [
    'an algorithm of the environment that is none',
    [...client, '--key', 'ec.pem'],
    { ALG: 'HS256' },
    2,
    "value 'HS256' from env 'ALG' is invalid. Allowed choices are ES256, PS256, RS256.",
  ],
  [
    'a lifetime that is too long',
    [...client, '--key', 'ec.pem', '--lifetime', '301'],
    {},
    2,
    '--lifetime must be a whole number of seconds from 10 to 300.',
  ],
  [
    'a lifetime of an hour',
    [...client, '--key', 'ec.pem', '--lifetime', '3600'],
    {},
    2,
    '--lifetime must be a whole number of seconds from 10 to 300.',
  ],
  [
    'a lifetime in milliseconds',
    [...client, '--key', 'ec.pem', '--lifetime', '60000'],
    {},
    2,
    '--lifetime must be a whole number of seconds from 10 to 300.',
  ],
  [
    'a lifetime that is no number',
    [...client, '--key', 'ec.pem', '--lifetime', '1m'],
    {},
    2,
    '--lifetime must be a whole number of seconds from 10 to 300.',
  ],
  [
    'a claim without a value',
    [...client, '--key', 'ec.pem', '--claim', 'scope'],
    {},
    2,
    '--claim must be a name and a value: --claim name=value.',
  ],
  [
    'a claim of ours',
    [...client, '--key', 'ec.pem', '--claim', 'exp=1'],
    {},
    2,
    "--claim must not set 'exp'.",
  ],
  [
    'a profile that is not there',
    [...client, '--profile', 'acme'],
    {},
    2,
    'Allowed choices are jack-henry.',
  ],
  [
    'a key of another kind',
    [...client, '--key', 'ec.pem', '--alg', 'PS256'],
    {},
    1,
    'PS256 needs an RSA key, got EC P-256.',
  ],
  [
    'a weak key',
    [...client, '--key', 'weak.pem', '--alg', 'PS256'],
    {},
    1,
    'The RSA key has 1024 bits, but at least 2048 are required.',
  ],
  [
    'a JWK for another algorithm',
    [...client, '--key', 'jwk.json'],
    {},
    1,
    "Algorithm 'RS512' is not supported. Use ES256, PS256 or RS256.",
  ],
])('%s is refused', async (_, args, env, code, message) => {
  const weak = pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey)
  const jwk = JSON.stringify({ ...rsa().export({ format: 'jwk' }), alg: 'RS512' })
  const files = { 'ec.pem': pem(ec()), 'rsa.pem': pem(rsa()), 'weak.pem': weak, 'jwk.json': jwk }
  await using folder = await folderWith(files)
  const ended = await countersign(['assert', ...args], { ...folder, env })
  expect(ended).toMatchObject({ code, stdout: '' })
  expect(ended.stderr).toContain(message)
})
