import { createPrivateKey } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { clientKey } from '../support/keys.ts'
import { leakSearch } from '../support/leak-search.ts'
import { countersign, type Ended, encryptedPem, onTerminal, scratchFolder } from './command-line.ts'

// Short, as one is that people type.
const passphrase = 'canary-7310'
const client = ['--client-id', 'a', '--token-endpoint', 'https://as.example.com/token']
const said = ({ stdout, stderr }: Ended) => stdout + stderr

/** The lines of a PEM, each of which would be a leak. */
const lines = (text: string) => text.split('\n').filter((line) => line && !line.includes('-----'))

/** All that the files of a folder hold, but for those that hold the private key. */
async function published(folder: string, but: readonly string[] = []): Promise<string> {
  const names = (await readdir(folder)).filter((name) => !but.includes(name))
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  return texts.join('\n')
}

test('keygen prints and publishes nothing of the private key, which the search would find', async () => {
  for (const flags of [[], ['--json'], ['--passphrase'], ['--passphrase', '--json']]) {
    const cwd = await scratchFolder()
    const env = { PRIVATE_KEY_PASSPHRASE: passphrase }
    const ended = await countersign(['keygen', ...flags], { cwd, env })
    expect(ended.code).toBe(0)
    const text = await readFile(join(cwd, 'countersign.pem'), 'utf8')
    const search = leakSearch(createPrivateKey({ key: text, passphrase }))
    search.add(...lines(text), passphrase)
    expect(search.isIn(said(ended))).toBe(false)
    expect(search.isIn(await published(cwd, ['countersign.pem']))).toBe(false)
    expect(search.isIn(await published(cwd))).toBe(true)
  }
})

const [key, lockedKey] = [clientKey.pem, encryptedPem(passphrase)]
const [line = ''] = lines(key)
const jwk = JSON.stringify(clientKey.jwk)
const search = leakSearch(clientKey.privateKey)
search.add(...lines(lockedKey), passphrase, jwk)
const files = {
  'key.pem': key,
  'locked.pem': lockedKey,
  'key.jwk.json': jwk,
  'leaked.json': `{"keys":[${jwk}]}`,
  'set.json': '{"keys":[]}',
  'damaged.pem': key.replace(/\n(.{20})/, '\n$1*'),
  'damaged.json': jwk.slice(0, -1),
}

test.each<[string[], Record<string, string>, string]>([
  [['jwks', 'key.pem', 'key.jwk.json'], {}, ''],
  [['jwks', 'locked.pem'], { PRIVATE_KEY_PASSPHRASE: passphrase }, ''],
  [['jwks'], { PRIVATE_KEY: key }, ''],
  [['jwks', '-'], {}, jwk],
  [['jwks', 'leaked.json'], {}, ''],
  [['jwks', 'damaged.pem'], {}, ''],
  [['jwks', 'locked.pem'], { PRIVATE_KEY_PASSPHRASE: `${passphrase}x` }, ''],
  [['jwks', 'add', '--set', 'set.json', 'key.pem'], {}, ''],
  [['jwks', 'add', '--set', 'leaked.json', 'key.pem'], {}, ''],
  [['jwks', 'add', '--set', 'key.pem', 'key.pem'], {}, ''],
  [['assert', ...client, '--key', 'key.pem'], {}, ''],
  [['assert', ...client], { PRIVATE_KEY: lockedKey, PRIVATE_KEY_PASSPHRASE: passphrase }, ''],
  [['assert', ...client, '--key', '-'], {}, key],
  [['assert', ...client, '--key', 'damaged.pem'], {}, ''],
  [['assert', ...client, '--alg', 'PS256'], { PRIVATE_KEY: key }, ''],
  [['inspect'], {}, key],
  [['inspect', 'leaked.json'], {}, ''],
  [['inspect', '--jwks', 'leaked.json'], {}, 'a.b.c'],
  [['inspect', '--public-key', 'damaged.json'], {}, 'a.b.c'],
  // A secret in the wrong place, as people do it.
  [['assert', ...client, '--key', key], {}, ''],
  [['assert', ...client, '--key', JSON.stringify(key)], {}, ''],
  [['assert', ...client, '--key', line], {}, ''],
  [['assert', ...client, '--key', Buffer.from(key).toString('base64')], {}, ''],
  [['assert', ...client, `--kee=${key}`], {}, ''],
  [['assert', ...client], { PRIVATE_KEY_FILE: key }, ''],
  [['token', ...client, '--show', 'curl'], { PRIVATE_KEY: key }, ''],
  [['token', ...client, '--show', 'curl', '--key', 'key.pem', '--kid', key], {}, ''],
  [['token', ...client, '--show', 'curl', '--key', 'key.pem', '--claim', `a=${key}`], {}, ''],
  [['jwks', jwk], {}, ''],
  [['jwks', 'add', '--set', jwk, 'key.pem'], {}, ''],
  [['keygen', `--passphrase=${passphrase}`], {}, ''],
  [['inspect', '--public-key', key], {}, ''],
  [['inspect', key], {}, ''],
  [[key], {}, ''],
  [[line], {}, ''],
  [['assert', ...client, '--alg', line, '--key', 'key.pem'], {}, ''],
  [['assert', ...client, '--key', 'key.pem'], { ALG: key }, ''],
  [['keygen', '--out', key], {}, ''],
  [['serve', '--for', '0', '--jwks', 'set.json', '--save', key], {}, ''],
])('case %#: nothing secret is said', async (args, env, stdin) => {
  const cwd = await scratchFolder(files)
  const about = { cwd, env, stdin }
  const shown =
    said(await countersign(args, about)) + said(await countersign([...args, '--json'], about))
  expect(shown).not.toBe('')
  expect(search.leaks(shown)).toEqual([])
  expect(search.isIn(await readFile(join(cwd, 'set.json'), 'utf8'))).toBe(false)
  const { screen } = await onTerminal(args, { cwd, env })
  expect(search.leaks(screen)).toEqual([])
})

test('the search finds each secret', () => {
  for (const secret of [line, lines(lockedKey)[0], passphrase, jwk])
    expect(search.isIn(`a text with ${secret}`)).toBe(true)
})

test('rejects a token as an argument without printing it', async () => {
  const cwd = await scratchFolder(files)
  const { stdout: signed } = await countersign(['assert', ...client, '--key', 'key.pem'], { cwd })
  const assertion = signed.trim()
  const [, claims = '', signature = ''] = assertion.split('.')
  for (const given of [assertion, `Bearer ${assertion}`, `--jwt=${assertion}`, claims]) {
    const ended = await countersign(['inspect', given], { cwd })
    expect(ended).toMatchObject({ code: 2, stdout: '' })
    expect(said(ended)).not.toContain(claims.slice(0, 30))
  }
  const { stdout } = await countersign(['inspect', assertion, '--json'], { cwd })
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'ERR_SECRET_ON_COMMAND_LINE' } })
  const seen = await countersign(['inspect', '--json'], { cwd, stdin: assertion })
  expect(said(seen)).not.toContain(signature)
  expect(said(seen) + assertion).toContain(signature)
})
