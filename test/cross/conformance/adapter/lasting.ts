import { staticTokenProvider } from '@countersign/testing'
import { expect, test } from 'vitest'
import { startWorld } from '../../../support/world.ts'
import type { HostUnderTest } from '../host.ts'

/** What takes seconds to see. */
export function lasting(host: HostUnderTest): void {
  test('13 U15: ten thousand refusals need no more than a few sockets', {
    timeout: 120_000,
  }, async () => {
    const { api } = await startWorld()
    let current = staticTokenProvider('token-0')
    let count = 0
    const client = host.client({
      tokens: {
        getAccessToken: (options) => current.getAccessToken(options),
        invalidate: () => {
          current = staticTokenProvider(`token-${++count}`)
        },
      },
      baseUrl: api.origin,
      origins: [api.origin],
    })
    let refusing = false
    api.answerWith((response) => {
      refusing = !refusing
      response.writeHead(refusing ? 401 : 200).end('x'.repeat(100))
    })

    for (let cycle = 0; cycle < 10_000; cycle++) await client.send({ url: '/x' })

    expect(count).toBe(10_000)
    expect(api.mostSockets).toBeLessThan(10)
  })
}
