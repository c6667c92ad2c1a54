import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTokenProvider } from '@countersign/core'
import { optionsFromEnv } from '@countersign/core/env'
import { expect, onTestFinished, test, vi } from 'vitest'
import { scratchFolder } from '../cli/command-line.ts'
import { clientKey } from '../support/keys.ts'
import { startAuthorization } from '../support/world.ts'

const names = {
  ...{ CLIENT_ID: 'clientId', TOKEN_ENDPOINT: 'tokenEndpoint', PRIVATE_KEY: 'key' },
  ...{ PRIVATE_KEY_PASSPHRASE: 'passphrase', ALG: 'alg', KID: 'kid', SCOPE: 'scope' },
}

test.each(['', 'BANK_'])('reads each variable, with the prefix "%s"', (prefix) => {
  const env = Object.fromEntries(Object.entries(names).map(([name, to]) => [prefix + name, to]))
  const more = { [`${prefix}AUDIENCE`]: 'https://a.example', [`${prefix}RESOURCE`]: 'urn:a urn:b' }
  expect(optionsFromEnv({ prefix, env: { ...env, ...more } })).toEqual({
    ...Object.fromEntries(Object.values(names).map((option) => [option, option])),
    ...{ assertion: { audience: 'https://a.example' }, resource: ['urn:a', 'urn:b'] },
  })
  const empty = Object.fromEntries([...Object.keys(env), ...Object.keys(more)].map((n) => [n, '']))
  expect(optionsFromEnv({ prefix, env: { ...empty, [`${prefix}PRIVATE_KEY_FILE`]: '' } })).toEqual(
    {},
  )
})

test('obtains a token with a key file and the variables of the process', async () => {
  const { server } = await startAuthorization()
  const file = join(await scratchFolder(), 'key.pem')
  await writeFile(file, clientKey.pem)
  onTestFinished(() => void vi.unstubAllEnvs())
  for (const [name, value] of Object.entries({
    ...{ CLIENT_ID: 'client', TOKEN_ENDPOINT: server.tokenEndpoint, PRIVATE_KEY_FILE: file },
  }))
    vi.stubEnv(name, value)
  const tokens = createTokenProvider(optionsFromEnv())
  expect(await tokens.getAccessToken()).toMatchObject({ tokenType: 'Bearer' })
})

test.each([
  ['both variables', { PRIVATE_KEY: 'k', PRIVATE_KEY_FILE: 'f' }, 'mutually exclusive'],
  ['a missing file', { PRIVATE_KEY_FILE: '/none' }, 'cannot be read (ENOENT)'],
  ['a folder', { PRIVATE_KEY_FILE: '/' }, 'cannot be read (EISDIR)'],
  ['a key in place of a path', { PRIVATE_KEY_FILE: clientKey.pem }, 'contains a key'],
])('names the variable for %s, and never shows its value', (_, env, text) => {
  const variable = 'X_PRIVATE_KEY_FILE'
  const prefixed = Object.entries(env).map(([name, value]) => [`X_${name}`, value])
  const read = () => optionsFromEnv({ prefix: 'X_', env: Object.fromEntries(prefixed) })
  expect(read).toThrow(
    expect.objectContaining({
      ...{ name: 'ConfigurationError', code: 'ERR_INVALID_OPTION', option: variable },
      message: expect.stringContaining(text),
    }),
  )
  expect(read).not.toThrow(/BEGIN/)
})

test('needs a runtime with files for a key file', () => {
  vi.stubGlobal('process', undefined)
  onTestFinished(() => void vi.unstubAllGlobals())
  expect(() => optionsFromEnv({ env: { PRIVATE_KEY_FILE: 'f' } })).toThrow(
    "Environment variable 'PRIVATE_KEY_FILE' needs a runtime with files: set 'PRIVATE_KEY' instead.",
  )
  expect(optionsFromEnv()).toEqual({})
})
