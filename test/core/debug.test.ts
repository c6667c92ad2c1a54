import { createResourceServer } from '@countersign/testing'
import { expect, test } from 'vitest'
import { clientKey } from '../support/keys.ts'
import { runCommand } from '../support/run-program.ts'
import { startAuthorization } from '../support/world.ts'

const script = `
  import { createTokenProvider } from '@countersign/core'
  import { authorizedFetch } from '@countersign/core/fetch'
  const { TOKEN_ENDPOINT, PRIVATE_KEY, ORIGIN } = process.env
  const key = PRIVATE_KEY
  const tokens = createTokenProvider({ clientId: 'client', tokenEndpoint: TOKEN_ENDPOINT, key })
  const send = authorizedFetch(tokens, { origins: [ORIGIN] })
  await send(ORIGIN + '/a?q')
  await send(ORIGIN + '/b?q', { countersign: false })
`

test.each(['countersign', 'http,countersign', 'other'])(
  'prints each event on a line of stderr with NODE_DEBUG=%s, unless that names others only',
  async (NODE_DEBUG) => {
    const { server } = await startAuthorization()
    await using api = await createResourceServer(server)
    const { code, stdout, stderr } = await runCommand(
      process.execPath,
      ['--input-type=module', '--eval', script],
      {
        cwd: import.meta.dirname,
        env: {
          ...{ NODE_DEBUG, TOKEN_ENDPOINT: server.tokenEndpoint, PRIVATE_KEY: clientKey.pem },
          ORIGIN: api.origin,
        },
      },
    )
    const lines = stderr.split('\n').filter((line) => line.startsWith('COUNTERSIGN'))
    const events = lines.map((line) => JSON.parse(line.replace(/^COUNTERSIGN \d+: /, '')))
    const skipped = { type: 'authorization-skipped', reason: 'opted-out', origin: api.origin }
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(events).toMatchObject(
      NODE_DEBUG === 'other'
        ? []
        : [
            { type: 'token-issued', source: 'endpoint', attempts: 1, scope: undefined },
            skipped,
            { ...skipped, status: 401 },
          ].map(({ ...event }) => JSON.parse(JSON.stringify(event))),
    )
  },
)
