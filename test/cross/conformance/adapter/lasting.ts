import type { TokenSource } from '@countersign/core'
import { staticTokenProvider } from '@countersign/testing'
import { expect, test } from 'vitest'
import { type HostUnderTest, startClient } from '../host.ts'

/** What takes seconds to see. */
export function lasting(host: HostUnderTest): void {
  test('two thousand refusals need no more than a few sockets', {
    tags: ['promise-13', 'U15'],
    timeout: 120_000,
  }, async () => {
    let current = staticTokenProvider('token-0')
    let count = 0
    const tokens: TokenSource = {
      getAccessToken: (options) => current.getAccessToken(options),
      invalidate: () => {
        current = staticTokenProvider(`token-${++count}`)
      },
    }
    const { api, client } = await startClient(host, { tokens })
    let refusing = false
    api.answerWith((response) => {
      refusing = !refusing
      response.writeHead(refusing ? 401 : 200).end('x'.repeat(100))
    })

    for (let cycle = 0; cycle < 2_000; cycle++) await client.send({ url: '/x' })

    expect(count).toBe(2_000)
    expect(api.mostSockets).toBeLessThan(10)
  })
}
