import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { leakSearch } from '../support/leak-search.ts'
import { countersign, type Ended, onTerminal, scratchFolder } from './command-line.ts'

// Short, as one is that people type.
const passphrase = 'canary-7310'
const client = ['--client-id', 'a', '--token-endpoint', 'https://as.example.com/token']
const ec = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const pem = (key: KeyObject) => String(key.export({ type: 'pkcs8', format: 'pem' }))
const locked = (key: KeyObject) =>
  String(key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }))
const privateJwk = (key: KeyObject) => JSON.stringify(key.export({ format: 'jwk' }))
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

test('on a terminal neither the key nor what is typed is shown', async () => {
  const cwd = await scratchFolder()
  const typed = [
    ['New passphrase: ', passphrase],
    ['Confirm passphrase: ', passphrase],
  ] as const
  const { code, screen } = await onTerminal(['keygen', '--passphrase'], { cwd, typed })
  expect(code).toBe(0)
  const text = await readFile(join(cwd, 'countersign.pem'), 'utf8')
  const search = leakSearch(createPrivateKey({ key: text, passphrase }))
  search.add(...lines(text), passphrase)
  expect(search.isIn(screen)).toBe(false)
  expect(search.isIn(screen + text)).toBe(true)
})

const key = ec()
const search = leakSearch(key)
const lockedPem = locked(key)
search.add(...lines(lockedPem), passphrase, privateJwk(key))
const files = {
  'key.pem': pem(key),
  'locked.pem': lockedPem,
  'key.jwk.json': privateJwk(key),
  'leaked.json': `{"keys":[${privateJwk(key)}]}`,
  'set.json': '{"keys":[]}',
  'damaged.pem': pem(key).replace(/\n(.{20})/, '\n$1*'),
  'damaged.json': privateJwk(key).slice(0, -1),
}

test.each<[string[], Record<string, string>, string]>([
  [['jwks', 'key.pem', 'key.jwk.json'], {}, ''],
  [['jwks', 'locked.pem'], { PRIVATE_KEY_PASSPHRASE: passphrase }, ''],
  [['jwks'], { PRIVATE_KEY: pem(key) }, ''],
  [['jwks', '-'], {}, privateJwk(key)],
  [['jwks', 'leaked.json'], {}, ''],
  [['jwks', 'damaged.pem'], {}, ''],
  [['jwks', 'damaged.json'], {}, ''],
  [['jwks', 'locked.pem'], { PRIVATE_KEY_PASSPHRASE: `${passphrase}x` }, ''],
  [['jwks', 'add', '--set', 'set.json', 'key.pem'], {}, ''],
  [['jwks', 'add', '--set', 'leaked.json', 'key.pem'], {}, ''],
  [['jwks', 'add', '--set', 'damaged.json', 'key.pem'], {}, ''],
  [['jwks', 'add', '--set', 'key.pem', 'key.pem'], {}, ''],
  [['jwks', 'retire', '--set', 'leaked.json', '--kid', 'a'], {}, ''],
  [['assert', ...client, '--key', 'key.pem'], {}, ''],
  [['assert', ...client], { PRIVATE_KEY: lockedPem, PRIVATE_KEY_PASSPHRASE: passphrase }, ''],
  [['assert', ...client, '--key', '-'], {}, pem(key)],
  [['assert', ...client, '--key', 'damaged.pem'], {}, ''],
  [['assert', ...client, '--alg', 'PS256'], { PRIVATE_KEY: pem(key) }, ''],
  [['inspect'], {}, pem(key)],
  [['inspect'], {}, privateJwk(key)],
  [['inspect', 'leaked.json'], {}, ''],
  [['inspect', '--jwks', 'leaked.json'], {}, 'a.b.c'],
  [['inspect', '--jwks', 'damaged.json'], {}, 'a.b.c'],
  [['inspect', '--public-key', 'damaged.json'], {}, 'a.b.c'],
  // A secret in the wrong place, as people do it.
  [['assert', ...client, '--key', pem(key)], {}, ''],
  [['assert', ...client, '--key', JSON.stringify(pem(key))], {}, ''],
  [['assert', ...client, '--key', pem(key).split('\n')[1] ?? ''], {}, ''],
  [['assert', ...client, '--key', Buffer.from(pem(key)).toString('base64')], {}, ''],
  [['assert', ...client, `--kee=${pem(key)}`], {}, ''],
  [['assert', ...client], { PRIVATE_KEY_FILE: pem(key) }, ''],
  [['assert', ...client, '--alg', pem(key), '--key', 'key.pem'], {}, ''],
  [['token', ...client, '--show', 'curl'], { PRIVATE_KEY: pem(key) }, ''],
  [['token', ...client, '--show', 'curl', '--key', 'key.pem', '--kid', pem(key)], {}, ''],
  [['token', ...client, '--show', 'curl', '--key', 'key.pem', '--claim', `a=${pem(key)}`], {}, ''],
  [['jwks', pem(key)], {}, ''],
  [['jwks', privateJwk(key)], {}, ''],
  [['jwks', 'add', '--set', privateJwk(key), 'key.pem'], {}, ''],
  [['keygen', '--passphrase', passphrase], {}, ''],
  [['keygen', `--passphrase=${passphrase}`], {}, ''],
  [['inspect', '--public-key', pem(key)], {}, ''],
  [['inspect', pem(key)], {}, ''],
  [[pem(key)], {}, ''],
  [[lines(pem(key))[1] ?? ''], {}, ''],
  [['assert', ...client, '--alg', lines(pem(key))[1] ?? '', '--key', 'key.pem'], {}, ''],
  [['assert', ...client, '--key', 'key.pem'], { ALG: pem(key) }, ''],
  [['keygen', '--out', pem(key)], {}, ''],
  [['serve', '--for', '0', '--jwks', 'set.json', '--save', pem(key)], {}, ''],
])('case %#: nothing secret is said', async (args, env, stdin) => {
  const cwd = await scratchFolder()
  for (const [name, text] of Object.entries(files)) await writeFile(join(cwd, name), text)
  const about = { cwd, env, stdin }
  const shown =
    said(await countersign(args, about)) + said(await countersign([...args, '--json'], about))
  expect(shown).not.toBe('')
  expect(search.leaks(shown)).toEqual([])
  expect(search.isIn(await readFile(join(cwd, 'set.json'), 'utf8'))).toBe(false)
  const { screen } = await onTerminal(args, { cwd, env })
  expect(search.leaks(screen)).toEqual([])
})

test('the search finds a secret that was planted in an output', async () => {
  const cwd = await scratchFolder()
  const program = 'key.pem'
  await writeFile(join(cwd, program), pem(key))
  const shown = said(await countersign(['jwks', program], { cwd }))
  for (const secret of [lines(pem(key))[1], lines(lockedPem)[0], passphrase, privateJwk(key)])
    expect(search.isIn(`${shown}${secret}`)).toBe(true)
})

test('rejects a token as an argument without printing it', async () => {
  const cwd = await scratchFolder()
  const assertion = (
    await countersign(['assert', ...client], { cwd, env: { PRIVATE_KEY: pem(key) } })
  ).stdout.trim()
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
