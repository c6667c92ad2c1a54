import { mkdir, writeFile } from 'node:fs/promises'
import { createTestClient, failingTokenProvider, staticTokenProvider } from '@countersign/testing'
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { runProgram } from '../../support/run-program.ts'
import { type Block, documentedBlocks, programOf, root } from './documented-program.ts'

const folder = new URL('test/.report/testing-your-code/', root)
const all = await documentedBlocks()
const blocks = all.filter(({ page }) => page === 'docs/guides/testing-your-code.md')
const runnable = blocks.filter(({ code }) => code.includes("from 'node:test'"))

beforeAll(() => mkdir(folder, { recursive: true }))

/** Runs a block, followed by these lines. */
async function run(block: Block | undefined, lines = '') {
  if (block === undefined) expect.unreachable('there is no such block')
  const file = new URL(`${block.name}.ts`, folder)
  await writeFile(file, `${programOf(block, all)}\n${lines}`)
  return runProgram(file, {})
}

function blockWith(text: string): Block | undefined {
  return blocks.find(({ code }) => code.includes(text))
}

test.each(runnable.map((block) => [/test\('(.*?)'/.exec(block.code)?.[1], block] as const))(
  'the guide shows a test that passes: %s',
  async (_, block) => {
    const { code, stdout, stderr } = await run(block)
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/pass 1\n/)
  },
)

const call = `
import { createTokenProvider } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { generateKeyPairSync } from 'node:crypto'
const tokens = createTokenProvider({
  clientId: 'client',
  tokenEndpoint: 'https://login.example.com/token',
  key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
})
const send = authorizedFetch(tokens, { origins: ['https://api.example.com'] })
console.log(JSON.stringify(await (await send('https://api.example.com/accounts')).json()))`

test.each([
  ["from 'msw'", `server.listen()${call}`, '{"authorization":"Bearer mocked"}\n'],
  ["from 'nock'", call, '[]\n'],
])('the mock %s answers with the token', async (text, lines, stdout) => {
  expect(await run(blockWith(text), lines)).toEqual({ code: 0, stdout, stderr: '' })
})

test('the provider of the guide is created at first use', async () => {
  const lines = `
try { getProvider() } catch (error) { console.log((error as { option?: string }).option) }`
  expect((await run(blockWith('getProvider'), lines)).stdout).toBe('clientId\n')
})

test('the fake timers of the guide move the provider and the server', async () => {
  await using client = await createTestClient({}, { lifetimeSeconds: 600 })
  const toFake = /toFake: \[(.*?)\]/.exec(blockWith('useFakeTimers')?.code ?? '')?.[1] ?? ''
  vi.useFakeTimers({ toFake: JSON.parse(`[${toFake.replaceAll("'", '"')}]`) })
  onTestFinished(() => void vi.useRealTimers())
  const { value } = await client.tokens.getAccessToken()
  vi.advanceTimersByTime(600_000)
  expect((await client.tokens.getAccessToken()).value).not.toBe(value)
  expect(client.server.requests.map(({ status }) => status)).toEqual([200, 200])
})

test('static tokens follow each other, and the last one stays', async () => {
  const tokens = staticTokenProvider(['a', 'b'])
  const first = await tokens.getAccessToken()
  tokens.invalidate(first)
  tokens.invalidate(first)
  const second = await tokens.getAccessToken()
  tokens.invalidate(second)
  expect(tokens.currentAccessToken()).toBe(second)
  expect([first.value, second.value]).toEqual(['a', 'b'])
  expect(tokens.invalidated).toEqual(['a', 'a', 'b'])
  expect(tokens.status()).toMatchObject([{ state: 'fresh', lastError: undefined }])
  expect(() => staticTokenProvider([])).toThrow('at least one token')
})

test('a failing provider fails as a real one does', async () => {
  const tokens = failingTokenProvider()
  const failed = { name: 'TokenEndpointError', code: 'ERR_TOKEN_UNAVAILABLE', retryable: true }
  await expect(tokens.getAccessToken()).rejects.toMatchObject(failed)
  expect(tokens.currentAccessToken()).toBeUndefined()
  expect(tokens.status()).toMatchObject([{ state: 'empty', lastError: failed }])
  expect(() => failingTokenProvider({ code: 1 } as never)).toThrow('code')
})

test('a test client has the variables of a program, and closes everything', async () => {
  const client = await createTestClient({ scope: 'a' })
  await client.tokens.getAccessToken()
  expect(client.server.requests).toMatchObject([{ status: 200 }])
  expect(Object.keys(client.env)).toEqual(['CLIENT_ID', 'TOKEN_ENDPOINT', 'PRIVATE_KEY'])
  await client.close()
  await expect(client.tokens.getAccessToken()).rejects.toThrow('closed')
  await expect(fetch(client.api.origin)).rejects.toThrow('fetch failed')
})
