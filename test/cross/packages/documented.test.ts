import { generateKeyPairSync } from 'node:crypto'
import { createAuthorizationServer, createResourceServer } from '@countersign/testing'
import { describe, expect, test } from 'vitest'
import { documentedSetUp, type SetUp } from './documented-set-up.ts'
import { type Installation, installation, type RunOptions } from './installation.ts'

describe.each(['29', '30'])('Jest %s', (jest) => {
  test('runs a CommonJS program and its tests without any configuration', async () => {
    const setUp = withVersions(await documentedSetUp('Jest'), { jest })
    const into = await installed(`jest-${jest}`, setUp)
    expect(Object.keys(setUp.files)).toEqual(['accounts.js', 'accounts.test.js'])

    for (const node of ['22', '24'] as const) {
      const { said } = await played(into, setUp, { node })
      expect(said).toMatch(/^Tests: +2 passed, 2 total$/m)
    }
  })

  test.each(['5.4', '5.9', '6.0'])(
    'runs tests in TypeScript %s with the default preset of ts-jest',
    async (typescript) => {
      const documented = await documentedSetUp('Jest with TypeScript')
      const setUp = withVersions(documented, { jest, '@types/jest': jest, typescript })
      const tsconfig = JSON.parse(setUp.files['tsconfig.json'] ?? '')
      // TypeScript 6 warns of the classic resolution unless this is set.
      if (typescript === '6.0') tsconfig.compilerOptions.ignoreDeprecations = '6.0'
      const into = await installed(`ts-jest-${jest}-${typescript}`, setUp)

      const files = { ...setUp.files, 'tsconfig.json': JSON.stringify(tsconfig) }
      const { said } = await played(into, { ...setUp, files }, { node: '24' })

      expect(said).toMatch(/^Tests: +1 passed, 1 total$/m)
    },
  )
})

test('a CommonJS program with NestJS 11 calls the API with a token, and so does its Jest', async () => {
  const setUp = await documentedSetUp('NestJS')
  const inJest = await documentedSetUp('Jest in NestJS 11')
  const packages = [...setUp.packages, ...inJest.packages]
  const nest = await installed('nest-11', { ...setUp, packages })

  expect(await playedWithServers(nest, setUp)).toEqual(oneCall)

  const { said } = await played(nest, inJest)
  expect(said).toMatch(/^Tests: +1 passed, 1 total$/m)
  const { stdout } = await nest.run('ls dist')
  expect(stdout).toContain('app.module.js\n')
  expect(stdout).not.toContain('spec')
})

test('the same program with NestJS 12 calls the API with a token', async () => {
  const setUp = await documentedSetUp('NestJS')
  const packages = setUp.packages.map((name) => name.replace(/^(@nestjs\/\w+)@\d+$/, '$1@12'))
  expect(packages).not.toEqual(setUp.packages)
  const nest = await installed('nest-12', { ...setUp, packages })

  expect(await playedWithServers(nest, setUp)).toEqual(oneCall)
})

const oneCall = {
  said: '{"ok":true,"method":"GET","url":"/accounts"}\n',
  answers: ['/accounts 200'],
  tokenRequests: 1,
}

/** The same set-up with other versions of some of its packages. */
function withVersions(setUp: SetUp, versions: Readonly<Record<string, string>>): SetUp {
  const packages = setUp.packages.map((one) => {
    const name = one.replace(/(.)@[\d.]+$/, '$1')
    return Object.hasOwn(versions, name) ? `${name}@${versions[name]}` : one
  })
  return { ...setUp, packages }
}

function installed(name: string, { packages }: SetUp): Promise<Installation> {
  return installation(name, packages)
}

/** Writes the files and runs the commands; resolves to what the last of them said. */
async function played(
  { write, run }: Installation,
  { files, commands }: SetUp,
  options: RunOptions = {},
): Promise<{ said: string }> {
  await write(files)
  let said = ''
  for (const command of commands) {
    const ended = await run(command, options)
    expect(ended, ended.stderr).toMatchObject({ code: 0 })
    said = ended.stdout + ended.stderr
  }
  return { said }
}

async function playedWithServers(into: Installation, setUp: SetUp) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  await using server = await createAuthorizationServer()
  const jwk = publicKey.export({ format: 'jwk' }) as { kty: string }
  server.register({ clientId: 'nest', jwks: { keys: [jwk] } })
  await using api = await createResourceServer(server)
  const { said } = await played(into, setUp, {
    env: {
      CLIENT_ID: 'nest',
      TOKEN_ENDPOINT: server.tokenEndpoint,
      PRIVATE_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      API_ORIGIN: api.origin,
    },
  })
  const answers = api.requests.map(({ url, status }) => `${url} ${status}`)
  return { said, answers, tokenRequests: server.requests.length }
}
