import { generateKeyPairSync } from 'node:crypto'
import { chmod, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { keyThumbprint } from '@countersign/core/keys'
import { expect, test } from 'vitest'
import { clientKey, ecPair, otherKey, sharedRsaPair } from '../support/keys.ts'
import { countersign, documentOf, encryptedPem, failure, scratchFolder } from './command-line.ts'

interface Set {
  keys: Record<string, unknown>[]
}

const passphrase = 'correct horse'
const json = (value: unknown) => JSON.stringify(value)
const readSet = async (cwd: string, name = 'jwks.json') =>
  JSON.parse(await readFile(join(cwd, name), 'utf8'))
const kids = ({ keys }: Set) => keys.map(({ kid }) => kid)

test('prints the public parts of several keys in any format', async () => {
  const [first, second, third] = [clientKey, sharedRsaPair(), otherKey]
  const files = {
    'a.pem': first.pem,
    'b.pem': second.pem,
    'c.json': json({ ...third.jwk, kid: 'third' }),
  }
  const ended = await countersign(['jwks', ...Object.keys(files)], {
    cwd: await scratchFolder(files),
  })
  expect(ended).toMatchObject({ code: 0, stderr: '' })
  expect(documentOf(ended)).toEqual({
    keys: [
      { ...first.publicJwk, kid: await keyThumbprint(first.pem), use: 'sig', alg: 'ES256' },
      { ...second.publicJwk, kid: await keyThumbprint(second.pem), use: 'sig' },
      { ...third.publicJwk, kid: 'third', use: 'sig', alg: 'ES256' },
    ],
  })
})

test('a key comes from a file, from stdin, from the environment or from .env', async () => {
  const { pem, publicJwk } = clientKey
  const cwd = await scratchFolder({
    'a.pem': pem,
    '.env': `PRIVATE_KEY="${pem}"\n`,
    'elsewhere.env': 'PRIVATE_KEY_FILE=a.pem\n',
  })
  const bare = await scratchFolder()
  const sets = await Promise.all([
    countersign(['jwks', 'a.pem'], { cwd }),
    countersign(['jwks', '-'], { cwd: bare, stdin: pem }),
    countersign(['jwks'], { cwd: bare, env: { PRIVATE_KEY: pem } }),
    countersign(['jwks'], { cwd: bare, env: { PRIVATE_KEY_FILE: join(cwd, 'a.pem') } }),
    countersign(['jwks'], { cwd }),
    countersign(['jwks', '--dotenv', 'elsewhere.env'], { cwd }),
  ])
  for (const set of sets) expect(documentOf<Set>(set).keys).toMatchObject([publicJwk])
})

test('--kid and --alg are published, of one key', async () => {
  const cwd = await scratchFolder({ 'a.pem': sharedRsaPair().pem, 'b.pem': clientKey.pem })
  const one = await countersign(['jwks', 'a.pem', '--kid', 'now', '--alg', 'PS256'], { cwd })
  expect(documentOf(one)).toMatchObject({ keys: [{ kid: 'now', alg: 'PS256' }] })
  const env = { KID: 'now', ALG: 'PS256' }
  const several = await countersign(['jwks', 'a.pem', 'b.pem'], { cwd, env })
  expect(kids(documentOf<Set>(several))).not.toContain('now')
  expect(await countersign(['jwks', 'a.pem', 'b.pem', '--kid', 'now'], { cwd })).toEqual(
    failure('--kid applies to one key. Omit it, or pass one file.'),
  )
})

test('an encrypted key opens with its passphrase', async () => {
  const cwd = await scratchFolder({ 'a.pem': encryptedPem(passphrase) })
  const env = { PRIVATE_KEY_PASSPHRASE: passphrase }
  for (const flags of [[], ['--passphrase']]) {
    const set = documentOf<Set>(await countersign(['jwks', 'a.pem', ...flags], { cwd, env }))
    expect(set.keys).toMatchObject([clientKey.publicJwk])
  }
  expect(await countersign(['jwks', 'a.pem'], { cwd })).toEqual(
    failure('The private key is encrypted. Pass --passphrase or set PRIVATE_KEY_PASSPHRASE.'),
  )
  const wrong = { cwd, env: { PRIVATE_KEY_PASSPHRASE: 'wrong pony' } }
  const ended = await countersign(['jwks', 'a.pem'], wrong)
  expect(ended).toMatchObject({ code: 1, stdout: '' })
  expect(ended.stderr).toContain('a.pem: The private key cannot be decrypted')
})

const ed25519 = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })

test.each([
  ['ERR_KEY_FORMAT', 'The key is text without a BEGIN line.', 'hello', []],
  ['ERR_KEY_ALG_MISMATCH', '', String(ed25519), []],
  ['ERR_KEY_ALG_MISMATCH', 'PS256 needs an RSA key, got', clientKey.pem, ['--alg', 'PS256']],
])('reports %s with the file of the key: %s', async (code, message, text, flags) => {
  const cwd = await scratchFolder({ 'a.pem': text })
  const ended = await countersign(['jwks', 'a.pem', '--json', ...flags], { cwd })
  expect(ended).toMatchObject({ code: 1, stderr: '' })
  expect(documentOf(ended)).toEqual({
    error: { code, message: expect.stringContaining(`a.pem: ${message}`) },
  })
})

test('a rotation: the new key is added, and the old one retired, each with the next step', async () => {
  const cwd = await scratchFolder({ 'old.pem': clientKey.pem, 'next.pem': otherKey.pem })
  const { stdout } = await countersign(['jwks', 'old.pem', '--kid', 'old'], { cwd })
  await writeFile(join(cwd, 'jwks.json'), stdout)
  await chmod(join(cwd, 'jwks.json'), 0o640)

  const set = ['--set', 'jwks.json']
  const added = await countersign(['jwks', 'add', ...set, '--kid', 'next', 'next.pem'], { cwd })
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
  expect(await readSet(cwd)).toEqual({
    keys: [
      { ...clientKey.publicJwk, kid: 'old', use: 'sig', alg: 'ES256' },
      { ...otherKey.publicJwk, kid: 'next', use: 'sig', alg: 'ES256' },
    ],
  })

  const retired = await countersign(['jwks', 'retire', ...set, '--kid', 'old'], { cwd })
  expect(retired).toEqual({
    code: 0,
    stderr: '',
    stdout: `+ 'old' was removed

Next
1. Publish jwks.json again. After that, no assertion of 'old' is accepted.
2. Destroy the private key of 'old' in every secret store.
`,
  })
  expect(kids(await readSet(cwd))).toEqual(['next'])
  expect((await stat(join(cwd, 'jwks.json'))).mode & 0o777).toBe(0o640)
  expect((await readdir(cwd)).sort()).toEqual(['jwks.json', 'next.pem', 'old.pem'])
})

test('leaves a key alone that is in the set', async () => {
  const set = json({ keys: [{ ...clientKey.publicJwk, kid: 'one' }] })
  const cwd = await scratchFolder({ 'jwks.json': set, 'a.pem': clientKey.pem })
  const add = (...args: string[]) =>
    countersign(['jwks', 'add', '--set', 'jwks.json', 'a.pem', ...args], { cwd })
  const again = await add('--kid', 'one', '--json')
  expect(again).toMatchObject({ code: 0 })
  expect(documentOf(again)).toMatchObject({ added: false, kid: 'one', kids: ['one'] })
  expect(await readFile(join(cwd, 'jwks.json'), 'utf8')).toBe(set)
  expect(await add('--kid', 'two')).toEqual(
    failure("The key is already in the set as 'one'. Sign with that kid.", 1),
  )
})

test('the kid of keygen is in its set, which is read without the passphrase', async () => {
  const cwd = await scratchFolder()
  const env = { PRIVATE_KEY_PASSPHRASE: passphrase }
  const run = (...args: string[]) => countersign(args, { cwd, env })
  await run('keygen', '--kid', '2024', '--passphrase')
  await run('keygen', '--out', 'next', '--kid', '2025', '--passphrase')
  const set = ['--set', 'countersign.jwks.json']
  const added = await run('jwks', 'add', ...set, 'next.jwks.json', '--json')
  expect(documentOf(added)).toMatchObject({ added: true, kid: '2025', kids: ['2024', '2025'] })

  await run('jwks', 'retire', ...set, '--kid', '2025')
  const thumbprint = documentOf(await run('jwks', 'add', ...set, 'next.pem', '--json')).kid
  await run('jwks', 'retire', ...set, '--kid', String(thumbprint))
  await run('jwks', 'add', ...set, '--kid', '2025', 'next.pem')
  expect(kids(await readSet(cwd, 'countersign.jwks.json'))).toEqual(['2024', '2025'])
})

test('keeps the other members of a set, and a link stays a link', async () => {
  const foreign = { kty: 'OKP', crv: 'Ed25519', x: 'AAAA', kid: 'foreign', note: 1 }
  const set = json({ keys: [foreign], comment: 'ours' })
  const cwd = await scratchFolder({ 'real.json': set, 'a.pem': clientKey.pem })
  await symlink('real.json', join(cwd, 'jwks.json'))
  const added = await countersign(['jwks', 'add', '--set', 'jwks.json', 'a.pem'], { cwd })
  expect(added).toMatchObject({ code: 0 })
  const { keys, comment } = await readSet(cwd, 'real.json')
  expect([keys.length, keys[0], comment]).toEqual([2, foreign, 'ours'])
})

const taken = { ...clientKey.publicJwk, kid: 'taken' }
const leaked = { ...ecPair().jwk, kid: 'leaked' }
const secret = { kty: 'oct', k: 'c2VjcmV0' }

test.each([
  ['ERR_KID_TAKEN', "has the kid 'taken'. Choose another", 'add --kid taken a.pem', [taken]],
  ['ERR_KID_UNKNOWN', "with the kid 'a'. Its keys: 'taken'.", 'retire --kid a', [taken]],
  ['ERR_KID_UNKNOWN', "Its keys: 'taken', without kid.", 'retire --kid a', [taken, { kty: 'EC' }]],
  ['ERR_LAST_KEY', "'taken' is the last key of the set. Add", 'retire --kid taken', [taken]],
  ['ERR_JWK_SET', 'jwks.json is not a JWK Set: JSON with', 'retire --kid taken', taken],
  ['ERR_PRIVATE_JWK', "jwks.json contains a PRIVATE key ('leaked').", 'add a.pem', [leaked]],
  ['ERR_PRIVATE_JWK', 'a PRIVATE key (without kid).', 'retire --kid taken', [taken, secret]],
])('changes nothing and reports %s: %s', async (code, message, command, keys) => {
  const set = json({ keys })
  const cwd = await scratchFolder({ 'jwks.json': set, 'a.pem': otherKey.pem })
  const args = ['jwks', ...command.split(' '), '--set', 'jwks.json', '--json']
  const ended = await countersign(args, { cwd })
  expect(ended).toMatchObject({ code: 1, stderr: '' })
  expect(documentOf(ended)).toEqual({ error: { code, message: expect.stringContaining(message) } })
  expect(await readFile(join(cwd, 'jwks.json'), 'utf8')).toBe(set)
})

test.each([
  ['jwks nope.pem', 'File nope.pem (<file>) does not exist.'],
  ['jwks add a.pem', '--set is missing.'],
  ['jwks add --set jwks.json', "missing required argument 'file'"],
  ['jwks add --set nope.json a.pem', 'File nope.json (--set) does not exist.'],
  ['jwks retire --set jwks.json', '--kid is missing.'],
])('%s is an error of the command line', async (line, message) => {
  const cwd = await scratchFolder({ 'jwks.json': json({ keys: [taken] }), 'a.pem': otherKey.pem })
  const ended = await countersign(line.split(' '), { cwd, env: { KID: 'taken' } })
  expect(ended).toEqual(failure(message))
})

test('concurrent commands on one set lose no key', async () => {
  const names = ['a', 'b', 'c', 'd']
  const set = (kid: string) => json({ keys: [{ ...ecPair().publicJwk, kid }] })
  const cwd = await scratchFolder({
    'jwks.json': json({ keys: ['old', 'kept'].map((kid) => ({ ...ecPair().publicJwk, kid })) }),
    ...Object.fromEntries(names.map((name) => [`${name}.json`, set(name)])),
  })
  const ended = await Promise.all([
    ...names.map((name) =>
      countersign(['jwks', 'add', '--set', 'jwks.json', `${name}.json`], { cwd }),
    ),
    countersign(['jwks', 'retire', '--set', 'jwks.json', '--kid', 'old'], { cwd }),
  ])
  expect(ended.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0])
  expect(kids(await readSet(cwd)).sort()).toEqual([...names, 'kept'])
  expect(await readdir(cwd)).not.toContain('jwks.json.lock')
})
