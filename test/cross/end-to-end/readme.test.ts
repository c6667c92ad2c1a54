import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { clientKey } from '../../support/keys.ts'
import { runCommand } from '../../support/run-program.ts'
import { type Block, documentedBlocks, programOf, root } from './documented-program.ts'
import { run, startServers } from './example-program.ts'

/** Inside test/, so that packages and types resolve as they do for a test. */
const folder = new URL('test/.report/readme/', root)
const tsc = fileURLToPath(new URL('node_modules/.bin/tsc', root))
const exampleOrigin = 'https://api.example.com'
const kms = '../../../examples/node_modules/@aws-sdk/client-kms'
const tsconfig = {
  compilerOptions: {
    target: 'es2023',
    lib: ['es2023', 'esnext.disposable'],
    module: 'nodenext',
    moduleResolution: 'nodenext',
    moduleDetection: 'force',
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    noEmit: true,
    // Only the examples depend on it.
    paths: { '@aws-sdk/client-kms': [`${kms}/dist-types/index.d.ts`] },
  },
  include: ['*.ts'],
}

let blocks: Block[]

beforeAll(async () => {
  blocks = await documentedBlocks()
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await writeFile(new URL('tsconfig.json', folder), JSON.stringify(tsconfig, null, 2))
})

test('every TypeScript block of the documentation compiles strictly as it stands', async () => {
  const pages = new Set(blocks.map(({ page }) => page))
  expect([...pages]).toEqual([
    'README.md',
    'docs/guides/401s-and-replays.md',
    'docs/guides/axios.md',
    'docs/guides/errors-and-retries.md',
    'docs/guides/fetch.md',
    'docs/guides/fleet.md',
    'docs/guides/keys.md',
    'docs/guides/kms.md',
    'docs/guides/ky.md',
    'docs/guides/migrating.md',
    'docs/guides/monitoring.md',
    'docs/guides/rotation.md',
    'docs/guides/scopes-and-resources.md',
    'docs/guides/several-institutions.md',
    'docs/guides/testing-your-code.md',
    'docs/guides/writing-a-store.md',
    'docs/reference/events.md',
    'docs/reference/options.md',
    'packages/axios-interceptor/README.md',
    'packages/core/README.md',
    'packages/ky-hook/README.md',
    'packages/opentelemetry/README.md',
    'packages/redis-store/README.md',
    'packages/testing/README.md',
  ])
  for (const block of blocks) {
    await writeFile(new URL(`${block.name}.ts`, folder), programOf(block, blocks))
  }

  const args = ['-p', fileURLToPath(folder), '--pretty', 'false']
  expect(await runCommand(tsc, args)).toEqual({ code: 0, stdout: '', stderr: '' })
}, 60_000)

test('the AWS program of docs/guides/kms.md is the example that is run', async () => {
  const page = await readFile(new URL('docs/guides/kms.md', root), 'utf8')
  const example = await readFile(new URL('examples/aws-kms.ts', root), 'utf8')
  expect(page).toContain(`\`\`\`ts\n${example}\`\`\`\n`)
})

for (const from of [
  '@countersign/axios-interceptor',
  '@countersign/ky-hook',
  '@countersign/core/fetch',
]) {
  test(`the README's first program with ${from} calls the API with one token`, async () => {
    const block = blocks.find(({ code }) => code.includes(`from '${from}'`))
    if (block === undefined) expect.unreachable(`no block imports ${from}`)
    const { server, api } = await startServers(clientKey, { scope: 'accounts:read' })
    const program = new URL(`first-${blocks.indexOf(block)}.ts`, folder)
    await writeFile(program, programOf(block, blocks).replaceAll(exampleOrigin, api.origin))

    expect(await run(program, clientKey, server)).toEqual({ code: 0, stdout: '', stderr: '' })

    expect(block.page).toBe('README.md')
    expect(server.requests).toHaveLength(1)
    expect(api.requests.map(({ method, url, status }) => [method, url, status])).toEqual([
      ['GET', '/accounts', 200],
    ])
  })
}
