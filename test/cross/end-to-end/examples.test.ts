import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { clientKey, otherKey } from '../../support/keys.ts'
import { expectRejected, run, startServers } from './example-program.ts'

const folder = new URL('../../../examples/', import.meta.url)
const programs = ['axios.ts', 'fetch.ts', 'ky.ts', 'nestjs.ts']

test('every example is run by a test', async () => {
  const present = (await readdir(folder)).filter((name) => name.endsWith('.ts'))
  // pnpm test:fleet runs postgres-store.ts.
  const elsewhere = ['aws-kms.ts', 'jack-henry.ts', 'postgres-store.ts']
  expect(present.sort()).toEqual([...programs, ...elsewhere].sort())
})

test('a copy named .mts runs in a folder that npm init made, one named .ts does not', async () => {
  const copies = new URL('../../.report/examples/', import.meta.url)
  await mkdir(copies, { recursive: true })
  await writeFile(new URL('package.json', copies), '{ "type": "commonjs" }')
  const { server, api } = await startServers()
  const runCopy = async (name: string) => {
    const copy = new URL(name, copies)
    await copyFile(new URL('axios.ts', folder), copy)
    return run(copy, clientKey, server, { API_ORIGIN: api.origin })
  }

  expect(await runCopy('copy.mts')).toEqual({ code: 0, stdout: '200\n', stderr: '' })
  expect((await runCopy('copy.ts')).stderr).toContain('outside a module')
})

test.each(programs)('%s calls the API with one token and exits', async (program) => {
  const { server, api } = await startServers()

  const env = { API_ORIGIN: api.origin }
  const ended = await run(new URL(program, folder), clientKey, server, env)

  expect(ended).toEqual({ code: 0, stdout: '200\n', stderr: '' })
  expect(server.requests).toHaveLength(1)
  expect(api.requests).toMatchObject([
    {
      ...{ method: 'GET', url: '/accounts', body: new Uint8Array(), status: 200 },
      authorization: expect.stringMatching(/^Bearer eyJ[\w.-]+$/),
    },
  ])
})

test.each(programs)(
  '%s with an unregistered key sends nothing and shows no secret',
  { tags: ['L9'] },
  async (program) => {
    const { server, api } = await startServers()

    const env = { API_ORIGIN: api.origin }
    const ended = await run(new URL(program, folder), otherKey, server, env)

    expectRejected(ended, otherKey, server)
    expect(api.requests).toEqual([])
  },
)
