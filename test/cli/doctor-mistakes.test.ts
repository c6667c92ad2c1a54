import type { KeyObject } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
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
async function commandLine(options: TokenProviderOptions, folder: string) {
  const { clientId = '', tokenEndpoint = '', key, alg, kid, scope, assertion = {}, clock } = options
  const { audience, lifetimeSeconds } = assertion
  const flags: [string, string | number | undefined][] = [
    ...([['--audience', audience] as const, ['--kid', kid] as const] as [string, string][]),
    ['--alg', alg],
    ['--lifetime', lifetimeSeconds],
  ]
  const off = clock === undefined ? 0 : Math.round((clock.now() - Date.now()) / 1000) * 1000
  return {
    args: flags.flatMap(([name, value]) => (value === undefined ? [] : [name, String(value)])),
    env: {
      CLIENT_ID: clientId,
      TOKEN_ENDPOINT: String(tokenEndpoint),
      PRIVATE_KEY: String((key as KeyObject).export({ type: 'pkcs8', format: 'pem' })),
      ...(scope !== undefined && { SCOPE: String(scope) }),
      ...(off !== 0 && { NODE_OPTIONS: `--import=${await shiftedClock(folder, off)}` }),
    },
  }
}

/** A module that sets the clock of a process wrong by that many milliseconds. */
async function shiftedClock(folder: string, off: number): Promise<string> {
  const file = join(folder, 'shifted-clock.mjs')
  await writeFile(file, `const { now } = Date\nDate.now = () => now() + ${off}\n`)
  return pathToFileURL(file).href
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
  const cwd = await scratchFolder()
  const { args, env } = await commandLine(planted.options, cwd)
  const ended = await countersign(['doctor', '--json', ...args], { cwd, env })

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
