import { spawn } from 'node:child_process'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { keyThumbprint } from '@countersign/core/keys'
import { expect, onTestFinished, test } from 'vitest'
import { leakSearch } from '../support/leak-search.ts'
import { countersign, documentOf, failure, onTerminal, scratchFolder } from './command-line.ts'

interface Made {
  alg: string
  kid: string
  files: { privateKey: string; publicKey: string; jwks: string }
  next: string[]
}

test.each([
  ['ES256', [], { namedCurve: 'prime256v1' }],
  ['PS256', [], { modulusLength: 2048 }],
  ['RS256', ['--bits', '3072'], { modulusLength: 3072 }],
])('%s: the three files hold one key', async (alg, bits, asymmetricKeyDetails) => {
  const cwd = await scratchFolder()
  const ended = await countersign(['keygen', '--alg', alg, ...bits, '--json'], { cwd })
  expect(ended).toMatchObject({ code: 0, stderr: '' })
  const { kid, files, ...rest } = documentOf<Made>(ended)
  expect(rest.alg).toBe(alg)
  expect(files).toEqual({
    privateKey: 'countersign.pem',
    publicKey: 'countersign.pub.pem',
    jwks: 'countersign.jwks.json',
  })
  const pem = await readFile(join(cwd, files.privateKey), 'utf8')
  expect(pem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/)
  const privateKey = createPrivateKey(pem)
  expect(privateKey).toMatchObject({ asymmetricKeyDetails })
  const publicPem = await readFile(join(cwd, files.publicKey), 'utf8')
  expect(createPublicKey(privateKey).equals(createPublicKey(publicPem))).toBe(true)
  expect(JSON.parse(await readFile(join(cwd, files.jwks), 'utf8'))).toEqual({
    keys: [{ ...createPublicKey(publicPem).export({ format: 'jwk' }), kid, use: 'sig', alg }],
  })
  expect(kid).toBe(await keyThumbprint(pem))
})

test('the private key is 0600 from the beginning, whatever the umask lets through', async () => {
  const cwd = await scratchFolder()
  const umask = process.umask(0)
  try {
    await countersign(['keygen'], { cwd })
  } finally {
    process.umask(umask)
  }
  expect((await stat(join(cwd, 'countersign.pem'))).mode & 0o777).toBe(0o600)
  expect((await stat(join(cwd, 'countersign.pub.pem'))).mode & 0o777).toBe(0o644)
})

test.each(['countersign.pem', 'countersign.pub.pem', 'countersign.jwks.json'])(
  'nothing is written where %s is there already',
  async (name) => {
    const cwd = await scratchFolder({ [name]: 'mine' })
    const ended = await countersign(['keygen', '--json'], { cwd })
    expect(ended).toMatchObject({ code: 1, stderr: '' })
    expect(documentOf(ended)).toEqual({
      error: {
        code: 'ERR_FILE_EXISTS',
        message: `${name} exists and is not overwritten. Nothing was written. Choose another name.`,
      },
    })
    expect(await readdir(cwd)).toEqual([name])
    expect(await readFile(join(cwd, name), 'utf8')).toBe('mine')
  },
)

test('a link that leads nowhere is not written through', async () => {
  const cwd = await scratchFolder()
  await symlink(join(cwd, 'elsewhere'), join(cwd, 'countersign.pem'))
  expect(await countersign(['keygen'], { cwd })).toMatchObject({ code: 1 })
  expect(await readdir(cwd)).toEqual(['countersign.pem'])
})

test('a failure at the last file leaves none behind', async () => {
  const cwd = await scratchFolder()
  // 246 characters: with .jwks.json more than a file name may have, with .pub.pem not.
  const ended = await countersign(['keygen', '--out', 'x'.repeat(246)], { cwd })
  expect(ended).toMatchObject({ code: 1, stdout: '' })
  expect(ended.stderr).toContain('x.jwks.json cannot be written: ENAMETOOLONG.')
  expect(await readdir(cwd)).toEqual([])
})

test('--out is a folder or a prefix', async () => {
  const cwd = await scratchFolder()
  await mkdir(join(cwd, 'keys'))
  for (const out of ['keys', 'keys/next', 'keys/other.pem'])
    expect(await countersign(['keygen', '--out', out], { cwd })).toMatchObject({ code: 0 })
  const endings = ['.jwks.json', '.pem', '.pub.pem']
  expect((await readdir(join(cwd, 'keys'))).sort()).toEqual(
    ['countersign', 'next', 'other'].flatMap((name) => endings.map((ending) => name + ending)),
  )
  const ended = await countersign(['keygen', '--out', 'nowhere/'], { cwd })
  expect(ended).toEqual(
    failure('nowhere/countersign.pem cannot be written: ENOENT. Create its folder first.', 1),
  )
})

test('--kid names the key, and what comes next is said with placeholders', async () => {
  const cwd = await scratchFolder()
  const args = ['keygen', '--kid', '2025-11', '--alg', 'PS256', '--profile', 'jack-henry']
  const { code, stdout } = await countersign(args, { cwd })
  expect(code).toBe(0)
  expect(stdout).toBe(`+ Created the key pair (PS256)
kid          2025-11
private key  countersign.pem (mode 0600)
public key   countersign.pub.pem
JWK Set      countersign.jwks.json

Next
1. Register the public key: upload countersign.pub.pem, or host countersign.jwks.json and register its URL. To rotate, add the key to your hosted set instead:
     countersign jwks add --set <hosted set> countersign.jwks.json
2. Keep countersign.pem in a secret store. Never commit or send it.
3. Set these variables in the environment or .env. Leave out KID if you uploaded countersign.pub.pem:
     CLIENT_ID=<your client ID>
     TOKEN_ENDPOINT=https://login.jackhenry.com/a/oidc-provider/api/v0/token
     PRIVATE_KEY_FILE=countersign.pem
     ALG=PS256
     KID=2025-11
4. Try it: countersign doctor
`)
  const set = await readFile(join(cwd, 'countersign.jwks.json'), 'utf8')
  expect(JSON.parse(set)).toMatchObject({ keys: [{ kid: '2025-11' }] })
})

test('KID and ALG of the environment are those of another key', async () => {
  const cwd = await scratchFolder()
  const env = { KID: 'old', ALG: 'RS256' }
  const made = documentOf<Made>(await countersign(['keygen', '--json'], { cwd, env }))
  expect(made.alg).toBe('ES256')
  expect(made.kid).not.toBe('old')
})

test('--passphrase takes PRIVATE_KEY_PASSPHRASE, for PBES2 with HMAC-SHA-256 and AES-256', async () => {
  const cwd = await scratchFolder()
  const env = { PRIVATE_KEY_PASSPHRASE: 'correct horse' }
  const { code, stdout } = await countersign(['keygen', '--passphrase'], { cwd, env })
  expect(code).toBe(0)
  expect(stdout).toContain('PRIVATE_KEY_PASSPHRASE=<the passphrase>')
  await expectEncrypted(cwd, 'correct horse')
  const pem = await readFile(join(cwd, 'countersign.pem'), 'utf8')
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64').toString('hex')
  const parts = {
    pbes2: '06092a864886f70d01050d',
    pbkdf2: '06092a864886f70d01050c',
    '600,000 iterations': '02030927c0',
    hmacWithSha256: '06082a864886f70d0209',
    aes256Cbc: '060960864801650304012a',
  }
  expect(Object.entries(parts).filter(([, part]) => !der.includes(part))).toEqual([])
})

/** Runs keygen on a terminal, with these answers to its two questions. */
function typePassphrases(cwd: string, first: string, second: string) {
  const typed = [
    ['New passphrase: ', first],
    ['Confirm passphrase: ', second],
  ] as const
  return onTerminal(['keygen', '--passphrase'], { cwd, typed })
}

test('on a terminal --passphrase asks twice, and shows nothing of what is typed', async () => {
  const cwd = await scratchFolder()
  const { code, screen } = await typePassphrases(cwd, 'correct horse', 'correct horse')
  expect(code).toBe(0)
  expect(screen).toMatch(/^New passphrase: \nConfirm passphrase: \n/)
  await expectEncrypted(cwd, 'correct horse')
  const text = await readFile(join(cwd, 'countersign.pem'), 'utf8')
  const search = leakSearch(createPrivateKey({ key: text, passphrase: 'correct horse' }))
  search.add('correct', ...text.split('\n').slice(1, -2))
  expect(search.isIn(screen)).toBe(false)
  expect(search.isIn(screen + text)).toBe(true)
})

test.each([
  ['one', 'other', 1, 'The two passphrases differ. Nothing was written.'],
  ['', '', 2, 'The passphrase is empty.'],
  ['\u0003', '', 130, 'No passphrase was entered.'],
])('makes no key of the passphrases %j and %j', async (first, second, code, message) => {
  const cwd = await scratchFolder()
  const ended = await typePassphrases(cwd, first, second)
  expect(ended.code).toBe(code)
  expect(ended.screen).toContain(message)
  expect(await readdir(cwd)).toEqual([])
})

test('without a terminal and without the variable --passphrase is an error', async () => {
  const cwd = await scratchFolder()
  const ended = await countersign(['keygen', '--passphrase'], { cwd, stdin: 'typed\n' })
  expect(ended).toEqual(
    failure('--passphrase needs a terminal to ask. Set PRIVATE_KEY_PASSPHRASE instead.'),
  )
  expect(await readdir(cwd)).toEqual([])
})

test.each([
  [['--bits', '2048'], '--bits is the size of an RSA key. Pass --alg PS256 or RS256 with it.'],
  [['--alg', 'PS256', '--bits', '1024'], 'is invalid. Allowed choices are 2048, 3072, 4096.'],
  [['--alg', 'HS256'], 'is invalid. Allowed choices are ES256, PS256, RS256.'],
  [['--kid', ''], '--kid is empty.'],
  [['--kid', 'mix\'"`'], '--kid must fit into .env'],
  [['--kid', 'two\nlines'], '--kid must fit into .env'],
  [['--kid', '\u202eright to left'], '--kid must fit into .env'],
])('%j is an error of the command line', async (args, message) => {
  const cwd = await scratchFolder()
  const ended = await countersign(['keygen', ...args], { cwd })
  expect(ended).toMatchObject({ code: 2, stdout: '' })
  expect(ended.stderr).toContain(message)
  expect(await readdir(cwd)).toEqual([])
})

async function expectEncrypted(folder: string, passphrase: string): Promise<void> {
  const key = await readFile(join(folder, 'countersign.pem'), 'utf8')
  expect(key).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/)
  expect(() => createPrivateKey({ key, passphrase: 'another' })).toThrow()
  const publicPem = await readFile(join(folder, 'countersign.pub.pem'), 'utf8')
  const opened = createPublicKey(createPrivateKey({ key, passphrase }))
  expect(opened.equals(createPublicKey(publicPem))).toBe(true)
}

test.each(['rotation #2', "it's", 'say "x"', 'a$HOME', 'back\\slash\\n', ' lead'])(
  'the kid %j survives its line in .env',
  async (kid) => {
    const cwd = await scratchFolder()
    const made = documentOf<Made>(await countersign(['keygen', '--kid', kid, '--json'], { cwd }))
    const [line] = /^ *KID=.*/m.exec(made.next[2] ?? '') ?? []
    await writeFile(join(cwd, '.env'), `PRIVATE_KEY_FILE=countersign.pem\n${line?.trimStart()}\n`)
    const env = { CLIENT_ID: 'a', TOKEN_ENDPOINT: 'https://as.example.com/token' }
    const { stdout } = await countersign(['assert'], { cwd, env })
    const args = ['inspect', '--jwks', 'countersign.jwks.json', '--json']
    const inspected = await countersign(args, { cwd, stdin: stdout })
    expect(inspected.code).toBe(0)
    expect(documentOf(inspected)).toMatchObject({ header: { kid } })
  },
)

test('a file that another program puts in the place of the private key never holds it', async () => {
  const cwd = await scratchFolder()
  const path = join(cwd, 'countersign.pem')
  const replace = `const fs = require('node:fs'); console.log('ready'); for (;;) {
    try { fs.unlinkSync(process.argv[1]) } catch { continue }
    fs.writeFileSync(process.argv[1], 'other'); break
  }`
  const other = spawn(process.execPath, ['-e', replace, path])
  onTestFinished(() => void other.kill())
  const closed = once(other, 'close')
  await once(other.stdout, 'data')
  const ended = await countersign(['keygen'], { cwd })
  await closed
  if (ended.code !== 0)
    expect(ended.stderr).toContain('Another program replaced or removed countersign.pem')
  const found = await readFile(path, 'utf8').catch(() => 'removed')
  expect(found).not.toContain('PRIVATE KEY')
})
