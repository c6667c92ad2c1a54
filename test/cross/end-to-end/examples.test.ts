import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises'
import { createResourceServer } from '@countersign/testing'
import { expect, test } from 'vitest'
import { expectRefused, keyPair, run, serverFor } from './example-program.ts'

const folder = new URL('../../../examples/', import.meta.url)
const programs = ['axios.ts', 'fetch.ts', 'ky.ts', 'nestjs.ts']

test('every example is run by a test', async () => {
  const present = (await readdir(folder)).filter((name) => name.endsWith('.ts'))
  expect(present.sort()).toEqual([...programs, 'aws-kms.ts', 'jack-henry.ts'].sort())
})

test('a copy named .mts runs in a folder that npm init made, one named .ts does not', async () => {
  const copies = new URL('../../.report/examples/', import.meta.url)
  await mkdir(copies, { recursive: true })
  await writeFile(new URL('package.json', copies), '{ "type": "commonjs" }')
  const pair = keyPair()
  await using server = await serverFor(pair)
  await using api = await createResourceServer(server)
  const runCopy = async (name: string) => {
    const copy = new URL(name, copies)
    await copyFile(new URL('axios.ts', folder), copy)
    return run(copy, pair, server, { API_ORIGIN: api.origin })
  }

  expect(await runCopy('copy.mts')).toEqual({ code: 0, stdout: '200\n', stderr: '' })
  expect((await runCopy('copy.ts')).stderr).toContain('outside a module')
})

for (const program of programs) {
  test(`${program} calls the API with one token and ends by itself`, async () => {
    const pair = keyPair()
    await using server = await serverFor(pair)
    await using api = await createResourceServer(server)

    const ended = await run(new URL(program, folder), pair, server, { API_ORIGIN: api.origin })

    expect(ended).toEqual({ code: 0, stdout: '200\n', stderr: '' })
    expect(server.requests).toHaveLength(1)
    expect(api.requests).toEqual([
      {
        method: 'GET',
        url: '/accounts',
        authorization: expect.stringMatching(/^Bearer eyJ[\w.-]+$/),
        body: new Uint8Array(),
        status: 200,
      },
    ])
  })

  test(`L9: ${program} with an unregistered key sends nothing and shows no secret`, async () => {
    await using server = await serverFor(keyPair())
    await using api = await createResourceServer(server)
    const pair = keyPair()

    const ended = await run(new URL(program, folder), pair, server, { API_ORIGIN: api.origin })

    expectRefused(ended, pair, server)
    expect(api.requests).toEqual([])
  })
}
