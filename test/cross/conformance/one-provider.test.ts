// @module-tag promise-2

import { describe, expect, test } from 'vitest'
import { startWorld } from '../../support/world.ts'
import { axiosHost } from './axios-host.ts'
import { fetchHost } from './fetch-host.ts'
import { kyHost } from './ky-host.ts'

const axiosHttp = axiosHost('http', { name: 'http adapter' })
const hosts = [axiosHttp, axiosHttp, kyHost, fetchHost]

describe('host: two axios, a ky and a fetch', () => {
  test('one provider behind all of them makes one token request', async () => {
    const { server, tokens, api } = await startWorld()
    const clients = hosts.map((host) =>
      host.client({ tokens, baseUrl: api.origin, origins: [api.origin] }),
    )
    const everyone = (path: string) =>
      Promise.all(
        clients.flatMap((client) =>
          Array.from({ length: 100 }, (_, call) => client.send({ url: `/${path}/${call}` })),
        ),
      )

    const first = await everyone('first')
    server.revokeAll()
    const second = await everyone('second')

    expect([...first, ...second].map(({ status }) => status)).toEqual(Array(800).fill(200))
    expect(server.requests).toHaveLength(2)
    expect(new Set(api.seen.map(({ authorization }) => authorization)).size).toBe(2)
  })
})
