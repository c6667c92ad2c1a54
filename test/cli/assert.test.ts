import { generateKeyPairSync } from 'node:crypto'
import { checkSignature } from '@countersign/testing'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { expect, test } from 'vitest'
import { clientKey, otherKey, sharedRsaPair } from '../support/keys.ts'
import {
  countersign,
  documentOf,
  type Ended,
  encryptedPem,
  onTerminal,
  scratchFolder,
} from './command-line.ts'

const clientId = 'client'
const tokenEndpoint = 'https://login.example.com/token'
const client = ['--client-id', clientId, '--token-endpoint', tokenEndpoint]

const claimsOf = ({ stdout }: Ended) => decodeJwt(stdout.trim())

test.each([
  ['ES256', clientKey],
  ['PS256', sharedRsaPair()],
  ['RS256', sharedRsaPair()],
] as const)('prints an assertion that is signed with %s', async (alg, pair) => {
  const cwd = await scratchFolder({ 'key.pem': pair.pem })
  const env = { CLIENT_ID: clientId, TOKEN_ENDPOINT: tokenEndpoint, ALG: alg, KID: 'one' }
  const ended = await countersign(['assert', '--key', 'key.pem'], { cwd, env })
  expect(ended).toMatchObject({ code: 0, stderr: '' })
  const assertion = ended.stdout.trim()
  expect(await checkSignature(assertion, pair.publicKey)).toMatchObject({ level: 'ok' })
  expect(decodeProtectedHeader(assertion)).toEqual({ alg, kid: 'one', typ: 'JWT' })
})

test('--json has the assertion, and what it says', async () => {
  const cwd = await scratchFolder({ 'key.pem': clientKey.pem })
  const ended = await countersign(['assert', ...client, '--key', 'key.pem', '--json'], { cwd })
  expect(ended).toMatchObject({ code: 0, stderr: '' })
  const { assertion, ...said } = documentOf<{ assertion: string }>(ended)
  expect(said).toEqual({
    header: decodeProtectedHeader(assertion),
    claims: decodeJwt(assertion),
  })
  expect(said).toMatchObject({ claims: { iss: clientId, sub: clientId, aud: tokenEndpoint } })
})

test('lifetime, audience and extra claims are those of the flags', async () => {
  const cwd = await scratchFolder({ 'key.pem': clientKey.pem })
  const asked = ['--lifetime', '300', '--audience', 'https://login.example.com/']
  const claims = ['--claim', 'purposeId="42"', '--claim', 'level=3', '--claim', 'note=a=b']
  const args = ['assert', ...client, '--key', 'key.pem', ...asked, ...claims]
  const { iat = 0, exp, ...said } = claimsOf(await countersign(args, { cwd }))
  expect(exp).toBe(iat + 300)
  expect(said).toMatchObject({
    aud: 'https://login.example.com/',
    purposeId: '42',
    level: 3,
    note: 'a=b',
  })
})

test('a flag overrides the environment, that a named file, that the profile, and that an unnamed .env', async () => {
  const dotenv = `CLIENT_ID='from-dotenv'\nAUDIENCE=from-dotenv # not this\nPRIVATE_KEY='${clientKey.pem}'\n`
  const cwd = await scratchFolder({ '.env': dotenv })
  const profile = ['assert', '--profile', 'jack-henry']
  const jackHenry = 'https://login.jackhenry.com/a/oidc-provider/api/v0/token'
  const aud = async (args: string[], env: Record<string, string>) => {
    const claims = claimsOf(await countersign(args, { cwd, env }))
    return [claims.iss, claims.aud]
  }
  expect(await aud(profile, {})).toEqual(['from-dotenv', jackHenry])
  const named = [...profile, '--dotenv', '.env', '--token-endpoint', jackHenry]
  expect(await aud(named, {})).toEqual(['from-dotenv', 'from-dotenv'])
  const env = { CLIENT_ID: 'from-environment', AUDIENCE: 'from-environment' }
  expect(await aud(profile, env)).toEqual(['from-environment', 'from-environment'])
  const flags = ['--client-id', 'from-flag', '--audience', 'from-flag']
  expect(await aud([...profile, ...flags], env)).toEqual(['from-flag', 'from-flag'])

  const bare = { cwd: await scratchFolder({ '.env': `PRIVATE_KEY='${clientKey.pem}'\n` }) }
  const claimsWith = async (env: Record<string, string>) =>
    claimsOf(await countersign(profile, { ...bare, env: { CLIENT_ID: 'a', ...env } }))
  expect(await claimsWith({})).toMatchObject({ aud: jackHenry })
  const own = 'https://sandbox.example.com/token'
  expect(await claimsWith({ TOKEN_ENDPOINT: own })).toMatchObject({ aud: own })
})

test('--key overrides PRIVATE_KEY, and an empty variable counts as not set', async () => {
  const dotenv = 'PRIVATE_KEY_FILE=key.pem'
  const cwd = await scratchFolder({ 'key.pem': clientKey.pem, '.env': dotenv })
  const isByClient = async (args: string[], PRIVATE_KEY: string) => {
    const env = { PRIVATE_KEY }
    const { stdout } = await countersign(['assert', ...client, ...args], { cwd, env })
    return (await checkSignature(stdout.trim(), clientKey.publicKey)).level === 'ok'
  }
  expect(await isByClient(['--key', 'key.pem'], otherKey.pem)).toBe(true)
  expect(await isByClient([], '')).toBe(true)
  expect(await isByClient([], otherKey.pem)).toBe(false)
})

test('on a terminal the passphrase is asked for, and not shown', async () => {
  const cwd = await scratchFolder({ 'key.pem': encryptedPem('correct horse') })
  const typed = [['Passphrase of the private key: ', 'correct horse']] as const
  const args = ['assert', ...client, '--key', 'key.pem', '--passphrase']
  const { code, screen } = await onTerminal(args, { cwd, typed })
  expect(code).toBe(0)
  expect(screen).toMatch(/^Passphrase of the private key: \neyJ[\w-]+\.[\w-]+\.[\w-]+\n/)
  expect(screen).toContain('Read it with countersign inspect, never on a web page.')
  expect(screen).not.toContain('correct')
})

const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
const files = {
  'ec.pem': clientKey.pem,
  'rsa.pem': sharedRsaPair().pem,
  'weak.pem': String(weak.export({ type: 'pkcs8', format: 'pem' })),
  'jwk.json': JSON.stringify({ ...sharedRsaPair().jwk, alg: 'RS512' }),
}
const endpoint = `--token-endpoint ${tokenEndpoint}`
const ours = `--client-id ${clientId} ${endpoint}`
const lifetimes = '--lifetime must be a whole number of seconds from 10 to 300.'

test.each<[string, string, Record<string, string>?]>([
  ['--client-id (or CLIENT_ID) is missing.', `${endpoint} --key ec.pem`],
  ['--token-endpoint (or TOKEN_ENDPOINT) is missing.', '--client-id a --key ec.pem'],
  ['No private key. Pass --key, or set PRIVATE_KEY or PRIVATE_KEY_FILE.', ours],
  ['are mutually exclusive. Unset one.', ours, { PRIVATE_KEY: 'x', PRIVATE_KEY_FILE: 'y' }],
  ['File nope.pem (--key) does not exist.', `${ours} --key nope.pem`],
  ['File . (--key) cannot be read: EISDIR.', `${ours} --key .`],
  ['Set --alg (ALG) to the one registered for the client', `${ours} --key rsa.pem`],
  ["value 'HS256' from env 'ALG' is invalid.", `${ours} --key ec.pem`, { ALG: 'HS256' }],
  [lifetimes, `${ours} --key ec.pem --lifetime 301`],
  [lifetimes, `${ours} --key ec.pem --lifetime 1m`],
  ['--claim must be a name and a value: --claim name=value.', `${ours} --key ec.pem --claim scope`],
  ["--claim must not set 'exp'.", `${ours} --key ec.pem --claim exp=1`],
  ['Allowed choices are jack-henry.', `${ours} --profile acme`],
])('"%s" is an error of the command line', async (message, line, env = {}) => {
  const cwd = await scratchFolder(files)
  const ended = await countersign(['assert', ...line.split(' ')], { cwd, env })
  expect(ended).toMatchObject({ code: 2, stdout: '' })
  expect(ended.stderr).toContain(message)
})

test.each([
  ['PS256 needs an RSA key, got EC P-256.', '--key ec.pem --alg PS256'],
  ['The RSA key has 1024 bits, but at least 2048 are required.', '--key weak.pem --alg PS256'],
  ["Algorithm 'RS512' is not supported. Use ES256, PS256 or RS256.", '--key jwk.json'],
])('"%s" is an error of the key', async (message, line) => {
  const cwd = await scratchFolder(files)
  const ended = await countersign(['assert', ...client, ...line.split(' ')], { cwd })
  expect(ended).toMatchObject({ code: 1, stdout: '' })
  expect(ended.stderr).toContain(message)
})
