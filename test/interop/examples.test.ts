import { readdir } from 'node:fs/promises'
import { createResourceServer } from '@countersign/testing'
import { expect, test } from 'vitest'
import { expectRefused, keyPair, run, serverFor } from './example-program.ts'

const folder = new URL('../../examples/', import.meta.url)
const programs = ['axios.ts', 'fetch.ts', 'ky.ts', 'nestjs.ts']

test('every example is run by a test', async () => {
  const present = (await readdir(folder)).filter((name) => name.endsWith('.ts'))
  expect(present.sort()).toEqual([...programs, 'aws-kms.ts', 'jack-henry.ts'].sort())
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
