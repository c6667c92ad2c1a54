import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { chmod, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { keyThumbprint } from '@countersign/core/keys'
import { expect, test } from 'vitest'
import { countersign, documentOf, scratchFolder } from './command-line.ts'

interface Set {
  keys: Record<string, unknown>[]
}

const ec = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const pem = (key: KeyObject) => String(key.export({ type: 'pkcs8', format: 'pem' }))
const publicJwk = (key: KeyObject) => createPublicKey(key).export({ format: 'jwk' })
const json = (value: unknown) => JSON.stringify(value)

/** A folder with these files. */
async function folderWith(files: Record<string, string>) {
  const folder = await scratchFolder()
  for (const [name, text] of Object.entries(files)) await writeFile(join(cwd, name), text)
  const read = async (name: string) => JSON.parse(await readFile(join(cwd, name), 'utf8'))
  return { cwd, read, [Symbol.asyncDispose]: folder[Symbol.asyncDispose] }
}

const kids = ({ keys }: Set) => keys.map(({ kid }) => kid)

test('prints the public parts of several keys in any format', async () => {
  const [first, second, third] = [ec(), rsa(), ec()]
  const jwk = { ...third.export({ format: 'jwk' }), kid: 'third' }
  const cwd = await scratchFolder({
    'a.pem': pem(first),
    'b.pem': pem(second),
    'c.json': json(jwk),
  })
  const ended = await countersign(['jwks', 'a.pem', 'b.pem', 'c.json'], { cwd })
  expect(ended).toMatchObject({ code: 0, stderr: '' })
  expect(documentOf(ended)).toEqual({
    keys: [
      { ...publicJwk(first), kid: await keyThumbprint(pem(first)), use: 'sig', alg: 'ES256' },
      { ...publicJwk(second), kid: await keyThumbprint(pem(second)), use: 'sig' },
      { ...publicJwk(third), kid: 'third', use: 'sig', alg: 'ES256' },
    ],
  })
})

test('a key comes from a file, from stdin, from the environment or from .env', async () => {
  const key = ec()
  const text = pem(key)
  const cwd = await scratchFolder({
    'a.pem': text,
    '.env': `PRIVATE_KEY="${text}"\n`,
    'elsewhere.env': 'PRIVATE_KEY_FILE=a.pem\n',
  })
  await using bare = await folderWith({})
  const sets = await Promise.all([
    countersign(['jwks', 'a.pem'], { cwd }),
    countersign(['jwks', '-'], { ...bare, stdin: text }),
    countersign(['jwks'], { ...bare, env: { PRIVATE_KEY: text } }),
    countersign(['jwks'], { ...bare, env: { PRIVATE_KEY_FILE: join(cwd, 'a.pem') } }),
    countersign(['jwks'], { cwd }),
    countersign(['jwks', '--dotenv', 'elsewhere.env'], { cwd }),
  ])
  for (const set of sets) expect(documentOf<Set>(set).keys).toMatchObject([publicJwk(key)])
})

test('--kid and --alg are published, of one key', async () => {
  const cwd = await scratchFolder({ 'a.pem': pem(rsa()), 'b.pem': pem(ec()) })
  const one = await countersign(['jwks', 'a.pem', '--kid', 'now', '--alg', 'PS256'], { cwd })
  expect(documentOf(one)).toMatchObject({ keys: [{ kid: 'now', alg: 'PS256' }] })
  const env = { KID: 'now', ALG: 'PS256' }
  const several = await countersign(['jwks', 'a.pem', 'b.pem'], { cwd, env })
  expect(kids(documentOf<Set>(several))).not.toContain('now')
  expect(await countersign(['jwks', 'a.pem', 'b.pem', '--kid', 'now'], { cwd })).toEqual({
    code: 2,
    stdout: '',
    stderr: 'error: --kid applies to one key. Omit it, or pass one file.\n',
  })
})

test('an encrypted key opens with its passphrase', async () => {
  const key = ec()
  const options = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc' } as const
  const locked = String(key.export({ ...options, passphrase: 'correct horse' }))
  const cwd = await scratchFolder({ 'a.pem': locked })
  const opened = { cwd, env: { PRIVATE_KEY_PASSPHRASE: 'correct horse' } }
  for (const flags of [[], ['--passphrase']]) {
    const set = documentOf<Set>(await countersign(['jwks', 'a.pem', ...flags], opened))
    expect(set.keys).toMatchObject([publicJwk(key)])
  }
  expect(await countersign(['jwks', 'a.pem'], { cwd })).toEqual({
    code: 2,
    stdout: '',
    stderr:
      'error: The private key is encrypted. Pass --passphrase or set PRIVATE_KEY_PASSPHRASE.\n',
  })
  const wrong = { cwd, env: { PRIVATE_KEY_PASSPHRASE: 'wrong pony' } }
  const ended = await countersign(['jwks', 'a.pem'], wrong)
  expect(ended).toMatchObject({ code: 1, stdout: '' })
  expect(ended.stderr).toContain('a.pem: The private key cannot be decrypted')
})

test.each([
  [
    'a certificate',
    '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
    'ERR_KEY_FORMAT',
    'a.pem: The key is a certificate. Pass its public key: openssl x509',
  ],
  ['no key', 'hello', 'ERR_KEY_FORMAT', 'a.pem: The key is text without a BEGIN line.'],
  ['an empty file', '', 'ERR_KEY_FORMAT', 'a.pem: The key is an empty string.'],
  [
    'a curve that signs nothing of ours',
    pem(generateKeyPairSync('ed25519').privateKey),
    'ERR_KEY_ALG_MISMATCH',
    'a.pem: ',
  ],
])('%s is refused as the library refuses it, with its file', async (_, text, code, message) => {
  const cwd = await scratchFolder({ 'a.pem': text })
  const ended = await countersign(['jwks', 'a.pem', '--json'], { cwd })
  expect(ended).toMatchObject({ code: 1, stderr: '' })
  const { error } = documentOf<{ error: { code: string; message: string } }>(ended)
  expect(error.code).toBe(code)
  expect(error.message).toContain(message)
})

test('an algorithm that does not fit the key is not published', async () => {
  const cwd = await scratchFolder({ 'a.pem': pem(ec()) })
  expect(await countersign(['jwks', 'a.pem', '--alg', 'PS256'], { cwd })).toEqual({
    code: 1,
    stdout: '',
    stderr: 'error: a.pem: PS256 needs an RSA key, got EC P-256.\n',
  })
})

test('a rotation: the new key is added, and the old one retired, each with the next step', async () => {
  const [old, next] = [ec(), ec()]
  const cwd = await scratchFolder({ 'old.pem': pem(old), 'next.pem': pem(next) })
  const { stdout } = await countersign(['jwks', 'old.pem', '--kid', 'old'], { cwd })
  await writeFile(join(cwd, 'jwks.json'), stdout)
  await chmod(join(cwd, 'jwks.json'), 0o640)

  const added = await countersign(
    ['jwks', 'add', '--set', 'jwks.json', '--kid', 'next', 'next.pem'],
    folder,
  )
  expect(added).toEqual({
    code: 0,
    stderr: '',
    stdout: `+ 'next' was added

Next
1. First, check that the program sends the kid of the key in use, KID=old. A server with two keys may try the wrong one for an assertion without kid.
2. Publish jwks.json with all its keys: host it at the registered URL, or upload it.
3. Wait until the server's cache of the set expires, a day if its lifetime is unknown. Until then the server does not know the new key.
4. Switch the program to the new private key with KID=next. Check that it gets a token.
5. Wait until the last token of the old key expires. By then every process has used the new key, and the old assertions (5 minutes) have expired.
6. Remove the old key:
     countersign jwks retire --set jwks.json --kid old
`,
  })
  expect(await folder.read('jwks.json')).toEqual({
    keys: [
      { ...publicJwk(old), kid: 'old', use: 'sig', alg: 'ES256' },
      { ...publicJwk(next), kid: 'next', use: 'sig', alg: 'ES256' },
    ],
  })

  const retired = await countersign(
    ['jwks', 'retire', '--set', 'jwks.json', '--kid', 'old'],
    folder,
  )
  expect(retired).toEqual({
    code: 0,
    stderr: '',
    stdout: `+ 'old' was removed

Next
1. Publish jwks.json again. After that, no assertion of 'old' is accepted.
2. Destroy the private key of 'old' in every secret store.
`,
  })
  expect(kids(await folder.read('jwks.json'))).toEqual(['next'])
  expect((await stat(join(cwd, 'jwks.json'))).mode & 0o777).toBe(0o640)
  expect((await readdir(cwd)).sort()).toEqual(['jwks.json', 'next.pem', 'old.pem'])
})

test('reads a JWK Set while the passphrase of the key in use is set', async () => {
  const cwd = await scratchFolder({})
  const call = { cwd, env: { PRIVATE_KEY_PASSPHRASE: 'correct horse' } }
  await countersign(['keygen', '--kid', '2024', '--passphrase'], call)
  await countersign(['keygen', '--kid', '2025', '--out', 'next', '--passphrase'], call)
  const args = ['jwks', 'add', '--set', 'countersign.jwks.json', 'next.jwks.json', '--json']
  expect(documentOf(await countersign(args, call))).toMatchObject({ kids: ['2024', '2025'] })
})

test('leaves a key alone that is in the set', async () => {
  const key = ec()
  const set = json({ keys: [{ ...publicJwk(key), kid: 'one' }] })
  const cwd = await scratchFolder({ 'jwks.json': set, 'a.pem': pem(key) })
  const again = await countersign(
    ['jwks', 'add', '--set', 'jwks.json', '--kid', 'one', 'a.pem', '--json'],
    folder,
  )
  expect(again).toMatchObject({ code: 0 })
  expect(documentOf(again)).toMatchObject({ added: false, kid: 'one', kids: ['one'] })
  expect(await readFile(join(cwd, 'jwks.json'), 'utf8')).toBe(set)
  expect(
    await countersign(['jwks', 'add', '--set', 'jwks.json', '--kid', 'two', 'a.pem'], { cwd }),
  ).toEqual({
    code: 1,
    stdout: '',
    stderr: "error: The key is already in the set as 'one'. Sign with that kid.\n",
  })
})

test('the kid of keygen is in its set, and a key in the set keeps its kid', async () => {
  const cwd = await scratchFolder({})
  const run = (...args: string[]) => countersign(args, { cwd })
  await run('keygen', '--kid', '2024')
  await run('keygen', '--out', 'next', '--kid', '2025')
  const set = ['--set', 'countersign.jwks.json']
  const added = await run('jwks', 'add', ...set, 'next.jwks.json', '--json')
  expect(documentOf(added)).toMatchObject({ added: true, kid: '2025', kids: ['2024', '2025'] })

  await run('jwks', 'retire', ...set, '--kid', '2025')
  const thumbprint = documentOf(await run('jwks', 'add', ...set, 'next.pem', '--json')).kid
  const refused = await run('jwks', 'add', ...set, '--kid', '2025', 'next.pem')
  expect(refused.stderr).toBe(
    `error: The key is already in the set as '${thumbprint}'. Sign with that kid.\n`,
  )
  await run('jwks', 'retire', ...set, '--kid', String(thumbprint))
  await run('jwks', 'add', ...set, '--kid', '2025', 'next.pem')
  expect(kids(await folder.read('countersign.jwks.json'))).toEqual(['2024', '2025'])
})

test('what is printed and documented of a rotation takes the set of keygen, not its PEM', async () => {
  const cwd = await scratchFolder({})
  const { next } = documentOf<{ next: string[] }>(
    await countersign(['keygen', '--out', 'next', '--kid', '2025', '--json'], { cwd }),
  )
  expect(next[0]).toMatch(/countersign jwks add --set <hosted set> next\.jwks\.json$/)
  const { stdout } = await countersign(['jwks', 'add', '--help'], { cwd })
  const page = await readFile(
    new URL('../../docs/reference/command-line.md', import.meta.url),
    'utf8',
  )
  for (const text of [stdout, page])
    expect(text).toMatch(/keygen --out next --kid 202\d\n.*jwks add --set jwks\.json next\.jwks/s)
})

test('keeps the other members of a set, and a link stays a link', async () => {
  const foreign = { kty: 'OKP', crv: 'Ed25519', x: 'AAAA', kid: 'foreign', note: 1 }
  const key = ec()
  const cwd = await scratchFolder({
    'real.json': json({ keys: [foreign], comment: 'ours' }),
    'a.pem': pem(key),
  })
  await symlink('real.json', join(cwd, 'jwks.json'))
  const added = await countersign(['jwks', 'add', '--set', 'jwks.json', 'a.pem'], { cwd })
  expect(added).toMatchObject({ code: 0 })
  const { keys, comment } = await folder.read('real.json')
  expect([keys.length, keys[0], comment]).toEqual([2, foreign, 'ours'])
})

const taken = { ...publicJwk(ec()), kid: 'taken' }

test.each([
  [
    'another key has the kid',
    ['add', '--set', 'jwks.json', '--kid', 'taken', 'a.pem'],
    { keys: [taken] },
    'ERR_KID_TAKEN',
    "Another key in the set has the kid 'taken'. Choose another with --kid.",
  ],
  [
    'the kid is unknown',
    ['retire', '--set', 'jwks.json', '--kid', 'tacken'],
    { keys: [taken, { ...taken, kid: undefined }] },
    'ERR_KID_UNKNOWN',
    "The set has no key with the kid 'tacken'. Its keys: 'taken', without kid.",
  ],
  [
    'it is the last key',
    ['retire', '--set', 'jwks.json', '--kid', 'taken'],
    { keys: [taken] },
    'ERR_LAST_KEY',
    "'taken' is the last key of the set. Add the next one first: countersign jwks add.",
  ],
  [
    'the file is no set',
    ['retire', '--set', 'jwks.json', '--kid', 'taken'],
    taken,
    'ERR_JWK_SET',
    'jwks.json is not a JWK Set: JSON with an array of keys. Create one with countersign jwks.',
  ],
  [
    'a private key is in the set',
    ['add', '--set', 'jwks.json', 'a.pem'],
    { keys: [{ ...ec().export({ format: 'jwk' }), kid: 'leaked' }] },
    'ERR_PRIVATE_JWK',
    "jwks.json contains a PRIVATE key ('leaked'). Nothing was changed. If the file was published or sent, the key is disclosed: create and register another one now.",
  ],
  [
    'a shared secret is in the set',
    ['retire', '--set', 'jwks.json', '--kid', 'taken'],
    { keys: [taken, { kty: 'oct', k: 'c2VjcmV0' }] },
    'ERR_PRIVATE_JWK',
    'jwks.json contains a PRIVATE key (without kid). Nothing was changed. If the file was published or sent, the key is disclosed: create and register another one now.',
  ],
])('nothing is changed when %s', async (_, args, set, code, message) => {
  const cwd = await scratchFolder({ 'jwks.json': json(set), 'a.pem': pem(ec()) })
  const ended = await countersign(['jwks', ...args, '--json'], { cwd })
  expect(ended).toMatchObject({ code: 1, stderr: '' })
  expect(documentOf(ended)).toEqual({ error: { code, message } })
  expect(await readFile(join(cwd, 'jwks.json'), 'utf8')).toBe(json(set))
})

test.each([
  [
    ['jwks'],
    'No private key. Pass --key, or set PRIVATE_KEY or PRIVATE_KEY_FILE. countersign keygen creates one.',
  ],
  [['jwks', 'nope.pem'], 'File nope.pem (<file>) does not exist.'],
  [['jwks', 'add', 'a.pem'], '--set is missing.'],
  [['jwks', 'add', '--set', 'jwks.json'], "missing required argument 'file'"],
  [['jwks', 'add', '--set', 'nope.json', 'a.pem'], 'File nope.json (--set) does not exist.'],
  [['jwks', 'retire', '--set', 'jwks.json'], '--kid is missing.'],
])('%j is an error of the command line', async (args, message) => {
  const cwd = await scratchFolder({
    'jwks.json': json({ keys: [taken] }),
    'a.pem': pem(ec()),
  })
  const ended = await countersign(args, { cwd, env: { KID: 'taken' } })
  expect(ended).toEqual({ code: 2, stdout: '', stderr: `error: ${message}\n` })
})

test('concurrent commands on one set lose no key', async () => {
  const names = ['a', 'b', 'c', 'd']
  const set = (kid: string) => json({ keys: [{ ...publicJwk(ec()), kid }] })
  const cwd = await scratchFolder({
    'jwks.json': json({ keys: ['old', 'kept'].map((kid) => ({ ...publicJwk(ec()), kid })) }),
    ...Object.fromEntries(names.map((name) => [`${name}.json`, set(name)])),
  })
  const ended = await Promise.all([
    ...names.map((name) =>
      countersign(['jwks', 'add', '--set', 'jwks.json', `${name}.json`], { cwd }),
    ),
    countersign(['jwks', 'retire', '--set', 'jwks.json', '--kid', 'old'], { cwd }),
  ])
  expect(ended.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0])
  expect(kids(await folder.read('jwks.json')).sort()).toEqual([...names, 'kept'])
  expect(await readdir(cwd)).not.toContain('jwks.json.lock')
})
