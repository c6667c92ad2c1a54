import type { KeyObject } from 'node:crypto'
import type { TokenProviderOptions } from '@countersign/core'
import { expect, test } from 'vitest'
import { mistakes } from '../cross/end-to-end/mistakes/mistakes.ts'
import { countersign, documentOf, scratchFolder } from './command-line.ts'

interface Report {
  readonly ok: boolean
  readonly verdict: string
  readonly hints: readonly string[]
  readonly requests: number
}

/** The options of a provider, as a shell has them: variables and flags. */
function commandLine({ key, assertion = {}, clock, ...options }: TokenProviderOptions) {
  const off = Math.round(((clock?.now() ?? 0) - Date.now()) / 1000) * 1000
  const shift = `const { now } = Date; Date.now = () => now() + ${off}`
  const variables = {
    ...{ CLIENT_ID: options.clientId, TOKEN_ENDPOINT: options.tokenEndpoint },
    ...{ ALG: options.alg, KID: options.kid, SCOPE: options.scope, AUDIENCE: assertion.audience },
    PRIVATE_KEY: (key as KeyObject).export({ type: 'pkcs8', format: 'pem' }),
    NODE_OPTIONS: clock && `--import=data:text/javascript,${encodeURIComponent(shift)}`,
  }
  const given = Object.entries(variables).filter(([, value]) => value !== undefined)
  return {
    args: assertion.lifetimeSeconds ? ['--lifetime', String(assertion.lifetimeSeconds)] : [],
    env: Object.fromEntries(given.map(([name, value]) => [name, String(value)])),
  }
}

/** The command line names flags where the library names options. */
function nameFlags({ source }: RegExp): RegExp {
  return new RegExp(
    source
      .replace(/(?:the option )?'kid'/, String.raw`--kid \(KID\)`)
      .replace(/(?:the option )?'alg'/, String.raw`--alg \(ALG\)`)
      .replace("the option 'tokenEndpoint'", String.raw`--token-endpoint \(TOKEN_ENDPOINT\)`)
      .replace(String.raw`assertion\.audience`, String.raw`--audience \(AUDIENCE\)`)
      .replace(String.raw`assertion\.lifetimeSeconds`, '--lifetime'),
  )
}

test.each(mistakes)('doctor puts first: $name', async ({ plant, cause, outcome }) => {
  await using planted = await plant()
  const { args, env } = commandLine(planted.options)
  const ended = await countersign(['doctor', '--json', ...args], {
    cwd: await scratchFolder(),
    env,
  })

  expect(ended).toMatchObject({ code: 1, stderr: '' })
  const { ok, hints, requests } = documentOf<Report>(ended)
  expect(ok).toBe(false)
  const isRefusedHere = outcome === 'not accepted'
  if (isRefusedHere) {
    expect(hints).toEqual([
      'ERR_INVALID_CLIENT_ID: --client-id (CLIENT_ID) must be 1 to 1,024 printable ASCII characters, without a space at either end.',
    ])
  } else expect(hints[0]).toMatch(nameFlags(cause))
  expect(requests).toBe(isRefusedHere ? 0 : 1)
  expect(planted.tokenRequests()).toBe(isRefusedHere ? 0 : 1)
})
