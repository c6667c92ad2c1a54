import { readFile } from 'node:fs/promises'
import { createAuthorizationServer, createResourceServer } from '@countersign/testing'
import { describe, expect, test } from 'vitest'
import { clientKey } from '../../support/keys.ts'
import { type Installation, installation, type RunOptions } from './installation.ts'

/** The steps of a section of the page. */
interface SetUp {
  /** The packages of its `npm install` lines. */
  readonly packages: readonly string[]
  readonly files: Readonly<Record<string, string>>
  /** Its other commands. */
  readonly commands: readonly string[]
}

const page = new URL('../../../docs/guides/commonjs-and-typescript.md', import.meta.url)

describe.each(['29', '30'])('Jest %s', (jest) => {
  test('runs a CommonJS program and its tests without any configuration', async () => {
    const setUp = withVersions(await documentedSetUp('Jest'), { jest })
    const into = await installation(`jest-${jest}`, setUp.packages)
    expect(Object.keys(setUp.files)).toEqual(['accounts.js', 'accounts.test.js'])

    for (const node of ['22', '24'] as const) {
      const output = await play(into, setUp, { node })
      expect(output).toMatch(/^Tests: +2 passed, 2 total$/m)
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
      const into = await installation(`ts-jest-${jest}-${typescript}`, setUp.packages)

      const files = { ...setUp.files, 'tsconfig.json': JSON.stringify(tsconfig) }
      const output = await play(into, { ...setUp, files }, { node: '24' })

      expect(output).toMatch(/^Tests: +1 passed, 1 total$/m)
    },
  )
})

test('a CommonJS program with NestJS 11 calls the API with a token, and so does its Jest', async () => {
  const setUp = await documentedSetUp('NestJS')
  const inJest = await documentedSetUp('Jest in NestJS 11')
  const packages = [...setUp.packages, ...inJest.packages]
  const nest = await installation('nest-11', packages)

  expect(await playWithServers(nest, setUp)).toEqual(oneCall)

  const output = await play(nest, inJest)
  expect(output).toMatch(/^Tests: +1 passed, 1 total$/m)
  const { stdout } = await nest.run('ls dist')
  expect(stdout).toContain('app.module.js\n')
  expect(stdout).not.toContain('spec')
})

test('the same program with NestJS 12 calls the API with a token', async () => {
  const setUp = await documentedSetUp('NestJS')
  const packages = setUp.packages.map((name) => name.replace(/^(@nestjs\/\w+)@\d+$/, '$1@12'))
  expect(packages).not.toEqual(setUp.packages)
  const nest = await installation('nest-12', packages)

  expect(await playWithServers(nest, setUp)).toEqual(oneCall)
})

const oneCall = {
  output: '{"ok":true,"method":"GET","url":"/accounts"}\n',
  answers: ['/accounts 200'],
  tokenRequests: 1,
}

/** Reads the set-up under a heading of the page. A block of code belongs to the file named above it. */
async function documentedSetUp(heading: string): Promise<SetUp> {
  const sections = (await readFile(page, 'utf8')).split(/^## /m)
  const section = sections.find((part) => part.startsWith(`${heading}\n`)) ?? ''
  const packages: string[] = []
  const commands: string[] = []
  const files: Record<string, string> = {}
  for (const { 1: language, 2: content = '', index } of section.matchAll(
    /^```(\w+)\n(.*?)^```$/gms,
  )) {
    if (language !== 'sh') {
      const [, file] = /`([\w./-]+)`:\n\n$/.exec(section.slice(0, index)) ?? []
      files[file ?? expect.unreachable(`no file is named above ${content}`)] = content
      continue
    }
    for (const line of content.trim().split('\n')) {
      const wanted = /^npm install (?:--save-dev )?(.+)$/.exec(line)?.[1]
      if (wanted === undefined) commands.push(line)
      else packages.push(...wanted.split(' '))
    }
  }
  expect(packages).not.toEqual([])
  return { packages, files, commands }
}

/** The same set-up with other versions of some of its packages. */
function withVersions(setUp: SetUp, versions: Readonly<Record<string, string>>): SetUp {
  const packages = setUp.packages.map((one) => {
    const name = one.replace(/(.)@[\d.]+$/, '$1')
    return Object.hasOwn(versions, name) ? `${name}@${versions[name]}` : one
  })
  return { ...setUp, packages }
}

/** Writes the files, runs the commands and resolves to the output of the last one. */
async function play(
  { write, run }: Installation,
  { files, commands }: SetUp,
  options: RunOptions = {},
): Promise<string> {
  await write(files)
  let output = ''
  for (const command of commands) {
    const ended = await run(command, options)
    expect(ended, ended.stderr).toMatchObject({ code: 0 })
    output = ended.stdout + ended.stderr
  }
  return output
}

async function playWithServers(into: Installation, setUp: SetUp) {
  await using server = await createAuthorizationServer()
  server.register({ clientId: 'nest', jwks: clientKey.jwks })
  await using api = await createResourceServer(server)
  const output = await play(into, setUp, {
    env: {
      CLIENT_ID: 'nest',
      TOKEN_ENDPOINT: server.tokenEndpoint,
      PRIVATE_KEY: clientKey.pem,
      API_ORIGIN: api.origin,
    },
  })
  const answers = api.requests.map(({ url, status }) => `${url} ${status}`)
  return { output, answers, tokenRequests: server.requests.length }
}
