import { generateKeyPairSync } from 'node:crypto'
import { createAuthorizationServer, createResourceServer } from '@countersign/testing'
import { expect, test } from 'vitest'
import { documentedSetUp, type SetUp } from './documented-set-up.ts'
import { type Installation, installation } from './installation.ts'

test("Jest runs a CommonJS program's tests with the documented configuration", async () => {
  const setUp = await documentedSetUp('Jest')
  const { said } = await played(await installed('jest', setUp), setUp)
  expect(said).toMatch(/^Tests: +2 passed, 2 total$/m)
})

test('Jest runs tests that are ES modules with the documented flag', async () => {
  const setUp = await documentedSetUp('Jest with ES modules')
  const { said } = await played(await installed('jest-esm', setUp), setUp)
  expect(said).toMatch(/^Tests: +1 passed, 1 total$/m)
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

function installed(name: string, { packages }: SetUp): Promise<Installation> {
  return installation(name, packages)
}

/** Writes the files and runs the commands; resolves to what the last of them said. */
async function played(
  { write, run }: Installation,
  { files, commands }: SetUp,
  env: Record<string, string> = {},
): Promise<{ said: string }> {
  await write(files)
  let said = ''
  for (const command of commands) {
    const ended = await run(command, env)
    expect(ended).toMatchObject({ code: 0 })
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
    CLIENT_ID: 'nest',
    TOKEN_ENDPOINT: server.tokenEndpoint,
    PRIVATE_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    API_ORIGIN: api.origin,
  })
  const answers = api.requests.map(({ url, status }) => `${url} ${status}`)
  return { said, answers, tokenRequests: server.requests.length }
}
