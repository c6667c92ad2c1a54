import { writeFile } from 'node:fs/promises'
import { createServer as createPlainServer } from 'node:http'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { listen } from '../../examples/servers/listen.ts'
import { createCertificateAuthority } from '../support/certificates.ts'
import { clientKey, otherKey } from '../support/keys.ts'
import { leakSearch } from '../support/leak-search.ts'
import { countersign, documentOf, encryptedPem, onTerminal, startClient } from './command-line.ts'

const passphrase = 'canary-2209'
const spki = ({ publicKey }: typeof clientKey) =>
  String(publicKey.export({ type: 'spki', format: 'pem' }))
const one = { ...clientKey.publicJwk, kid: 'one' }
const two = { ...otherKey.publicJwk, kid: 'two' }

interface Report {
  readonly ok: boolean
  readonly verdict: string
  readonly hints: readonly string[]
  readonly requests: number
  readonly checks: readonly { id: string; status: string; detail: string }[]
}

/** A folder with keys and sets, and a server that knows the client. */
async function scene() {
  const { server, ...call } = await startClient({ format: 'jwt' })
  const files = {
    'key.pub.pem': spki(clientKey),
    'other.pub.pem': spki(otherKey),
    'set.json': JSON.stringify({ keys: [one, two] }),
    'alone.json': JSON.stringify({ keys: [one] }),
    'other.json': JSON.stringify({ keys: [two] }),
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(call.cwd, name), text)
  const examine = (args: readonly string[], env: Record<string, string> = {}) =>
    countersign(['doctor', '--key', 'key.pem', ...args], { ...call, env: { ...call.env, ...env } })
  const doctor = (...args: string[]) => examine(['--json', ...args])
  /** Returns the report with these variables instead of the client's. */
  const reportWith = async (env: Record<string, string>) =>
    documentOf<Report>(await examine(['--json'], env))
  return { server, call, examine, doctor, reportWith }
}

/** Starts a server with a certificate of an authority whose certificate is in `ca.pem`. */
async function serveTls(cwd: string): Promise<string> {
  const authority = await createCertificateAuthority('doctor')
  await writeFile(join(cwd, 'ca.pem'), authority.cert)
  const web = createServer(await authority.issue(), (_request, response) => response.end('{}'))
  const { origin, close } = await listen(web)
  onTestFinished(close)
  return `${origin.replace('http:', 'https:')}/token`
}

const statuses = ({ checks }: Report) => Object.fromEntries(checks.map((it) => [it.id, it.status]))

test('makes one token request and exits with 0 if everything works', async () => {
  const { server, doctor } = await scene()
  const ended = await doctor('--public-key', 'key.pub.pem')
  expect(ended).toMatchObject({ code: 0, stderr: '' })
  const report = documentOf<Report>(ended)
  expect(report).toMatchObject({
    ok: true,
    verdict: 'A token was issued. Everything works.',
    hints: [],
    requests: 1,
  })
  expect(statuses(report)).toEqual({
    ...{ options: 'ok', key: 'ok', assertion: 'ok', audience: 'ok', 'public-key': 'ok' },
    ...{ dns: 'ok', tls: 'skipped', clock: 'ok', 'token-request': 'ok' },
  })
  expect(server.requests).toHaveLength(1)
})

test.each<[string, string[]]>([
  ['The public key belongs to another private key', ['--public-key', 'other.pub.pem']],
  ['is not in the JWK Set. Its keys: ', ['--jwks', 'other.json']],
  [
    "published as 'one', but the assertion has the kid 'two'.",
    ['--jwks', 'set.json', '--kid', 'two'],
  ],
  ['The JWK Set URL cannot be read', ['--jwks', 'http://127.0.0.1:1/jwks']],
  ['must be at an https URL', ['--jwks', 'http://keys.example.com/jwks']],
  ['ERR_INVALID_SCOPE', ['--scope', 'a"b']],
  ['ERR_FILE_NOT_FOUND: File nope.json (--jwks) does not exist.', ['--jwks', 'nope.json']],
  ['File nope.json (--public-key) does not exist.', ['--public-key', 'nope.json']],
  ['ERR_FILE_NOT_FOUND: File nope.pem (--key) does not exist.', ['--key', 'nope.pem']],
])('requests no token for "%s"', async (cause, args) => {
  const { server, doctor } = await scene()
  const ended = await doctor(...args)
  expect(ended).toMatchObject({ code: 1, stderr: '' })
  const { ok, verdict, hints, requests } = documentOf<Report>(ended)
  expect({ ok, verdict, requests }).toEqual({
    ok: false,
    verdict: 'This cannot work, so no token was requested.',
    requests: 0,
  })
  expect(hints[0]).toContain(cause)
  expect(server.requests).toEqual([])
})

test('a key among several without a kid is a warning, from a file and from a URL', async () => {
  const { server, doctor } = await scene()
  const warned = documentOf<Report>(await doctor('--jwks', 'set.json'))
  expect(warned).toMatchObject({ ok: true, requests: 1 })
  expect(warned.hints[0]).toContain("Set --kid (KID) to 'one'")
  const alone = documentOf<Report>(await doctor('--jwks', 'alone.json'))
  expect(alone).toMatchObject({ ok: true, hints: [] })
  // The server's own set has other keys than the client's.
  const foreign = documentOf<Report>(await doctor('--jwks', server.jwksUri))
  expect(foreign.hints[0]).toContain('is not in the JWK Set')
})

test('a set without an end is not read to the end', async () => {
  const { doctor } = await scene()
  const piece = Buffer.alloc(65_536, ' ')
  const web = createPlainServer((_request, response) => {
    const write = () => {
      while (response.writable && response.write(piece));
    }
    response.on('drain', write)
    write()
  })
  const { origin, close } = await listen(web)
  onTestFinished(close)
  const { hints, requests } = documentOf<Report>(await doctor('--jwks', `${origin}/jwks`))
  expect(hints[0]).toContain('The JWK Set URL cannot be read')
  expect(requests).toBe(0)
})

test('reports everything that is missing at once', async () => {
  const { cwd } = (await scene()).call
  const hints = [
    '--client-id (or CLIENT_ID) is missing.',
    '--token-endpoint (or TOKEN_ENDPOINT) is missing.',
    'No private key. Pass --key, or set PRIVATE_KEY or PRIVATE_KEY_FILE. countersign keygen creates one.',
  ]
  const ended = await countersign(['doctor', '--json'], { cwd })
  expect(ended).toMatchObject({ code: 1, stderr: '' })
  expect(documentOf<Report>(ended)).toMatchObject({
    ...{ ok: false, hints, requests: 0 },
    checks: ['options', 'options', 'key'].map((id, index) => {
      return { id, status: 'bad', detail: hints[index] }
    }),
  })
  const plain = await countersign(['doctor'], { cwd })
  expect(plain).toMatchObject({ code: 1, stderr: '' })
  expect(plain.stdout).toContain(hints.map((cause, index) => `${index + 1}. ${cause}\n`).join(''))
})

test('reports a token endpoint that overrides that of the profile', async () => {
  const { call, doctor } = await scene()
  const endpoint = 'https://login.jackhenry.com/a/oidc-provider/api/v0/token'
  const report = documentOf<Report>(await doctor('--profile', 'jack-henry'))
  const { TOKEN_ENDPOINT: used } = call.env
  expect(report.hints).toEqual([
    `The aud is ${used}, and must be ${endpoint}.`,
    `TOKEN_ENDPOINT of the environment or the --dotenv file overrides the token endpoint of Jack Henry (Banno) with ${used}. Remove it to use ${endpoint}.`,
  ])
  const given = documentOf<Report>(
    await doctor('--profile', 'jack-henry', '--token-endpoint', used),
  )
  expect(given.hints[1]).toMatch(/^--token-endpoint overrides .*\. Remove it to use /)
  const { env, cwd } = call
  const ownEndpoint = await countersign(
    ['doctor', '--json', '--offline', '--key', 'key.pem', '--profile', 'jack-henry'],
    { cwd, env: { CLIENT_ID: env.CLIENT_ID } },
  )
  expect(statuses(documentOf<Report>(ownEndpoint))).toMatchObject({ profile: 'ok' })
  const { stdout: help } = await countersign(['token', '--help'], { cwd })
  expect(help.replace(/\s+/g, ' ')).toContain('provider preset, overrides .env')
})

test('never prints a password in the token endpoint', async () => {
  const { examine } = await scene()
  const TOKEN_ENDPOINT = 'https://user:p4ssw0rd@login.example.com/token'
  for (const flags of [[], ['--json']]) {
    const args = ['--offline', '--profile', 'jack-henry', ...flags]
    const { stdout, stderr } = await examine(args, { TOKEN_ENDPOINT })
    expect(stdout).toContain('ERR_INVALID_TOKEN_ENDPOINT')
    expect(stdout + stderr).not.toContain('p4ssw0rd')
  }
})

test('sends nothing with --offline', async () => {
  const { server, doctor } = await scene()
  const report = documentOf<Report>(await doctor('--offline', '--public-key', 'key.pub.pem'))
  expect(report).toMatchObject({ ok: true, requests: 0, hints: [] })
  expect(Object.keys(statuses(report))).not.toContain('dns')
  expect(server.requests).toEqual([])
})

test.each([
  ['is not trusted', {}, 'bad', 0],
  ['is trusted once its authority is known', { NODE_EXTRA_CA_CERTS: 'ca.pem' }, 'ok', 1],
])('a certificate %s', async (_, extra, status, requests) => {
  const { call, reportWith } = await scene()
  const report = await reportWith({ ...extra, TOKEN_ENDPOINT: await serveTls(call.cwd) })
  expect(report).toMatchObject({ ok: false, requests })
  expect(report.checks.find(({ id }) => id === 'tls')).toMatchObject({
    status,
    detail: expect.stringContaining('issued by doctor, is valid until'),
  })
})

test('reports a name that does not exist before anything is sent', async () => {
  const { reportWith } = await scene()
  const report = await reportWith({ TOKEN_ENDPOINT: 'https://login.invalid/token' })
  expect(report.hints[0]).toMatch(/^login\.invalid cannot be resolved \(E\w+\)\. /)
  expect(report.requests).toBe(0)
})

test('names a proxy variable that fetch ignores', async () => {
  const { server, reportWith } = await scene()
  await server.close()
  const report = await reportWith({ HTTP_PROXY: `http://user:${passphrase}@proxy.example.com` })
  expect(report.hints[0]).toContain('HTTP_PROXY is set')
  expect(JSON.stringify(report)).not.toContain(passphrase)
})

test('prints the same lines on a terminal and in a pipe', async () => {
  const { call } = await scene()
  const args = ['doctor', '--key', 'key.pem', '--client-id', 'nobody']
  const piped = await countersign(args, call)
  expect(piped).toMatchObject({ code: 1, stderr: '' })
  expect(piped.stdout).toMatch(
    /^\+ Options: .*\n(.*\n)+\nNo token was issued\.\n1\. The client ID nobody is not known there: .*\n2\. Check --client-id \(CLIENT_ID\)\.\nToken requests: 1\.\n$/,
  )
  const { code, screen } = await onTerminal(args, call)
  expect(code).toBe(1)
  expect(screen).toContain('1. The client ID nobody is not known there')
})

test('prints no secret, which the search would find', async () => {
  const { server, call } = await scene()
  const locked = encryptedPem(passphrase)
  await writeFile(join(call.cwd, 'locked.pem'), locked)
  const search = leakSearch(clientKey.privateKey)
  search.add(passphrase, ...locked.split('\n').slice(1, -2))
  const env = { ...call.env, PRIVATE_KEY_PASSPHRASE: passphrase }
  for (const args of [[], ['--json'], ['--client-id', 'nobody'], ['--audience', 'x', '--json']]) {
    const ended = await countersign(['doctor', '--key', 'locked.pem', ...args], { ...call, env })
    // Neither the JWTs of the assertion nor those of the token.
    expect(ended.stdout).not.toMatch(/eyJ/)
    expect(search.isIn(ended.stdout + ended.stderr)).toBe(false)
    expect(search.isIn(ended.stdout + clientKey.pem)).toBe(true)
  }
  expect(server.requests).toHaveLength(4)
})
