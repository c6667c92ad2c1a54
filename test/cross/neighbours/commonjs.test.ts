import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'

const program = fileURLToPath(new URL('commonjs-program.cjs', import.meta.url))
let results: Record<string, Record<string, unknown>>

beforeAll(async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 50_000 })
  results = JSON.parse(stdout)
}, 60_000)

test('a CommonJS program has another copy of axios than an ES module', () => {
  expect(results.copies).toEqual({ file: 'dist/node/axios.cjs', isSameCopy: false })
})

test.each(['the default adapter', 'adapter fetch'])(
  'in CommonJS, by %s, a revoked token is renewed once and the request replayed',
  { tags: ['U1'] },
  (scene) => {
    expect(results[scene]).toEqual({
      requests: ['POST /accounts 200', 'POST /accounts 401', 'POST /accounts 200'],
      bodies: Array(3).fill('{"name":"é"}'),
      tokenRequests: 2,
      showsToken: false,
    })
  },
)

test.each([
  [
    'a failed token request',
    'failed token request',
    {
      code: 'ERR_OAUTH',
      message: expect.stringMatching(/^The token endpoint answered 400 'unauthorized_client'\./),
      cause: 'TokenEndpointError',
    },
  ],
  [
    'an abort before the token arrives',
    'signal aborted',
    { code: 'ERR_CANCELED', message: 'canceled', isCanceledError: true },
  ],
  [
    'a timeout before the token arrives',
    'timed out',
    { code: 'ECONNABORTED', message: 'timeout of 20ms exceeded' },
  ],
])(
  "%s is the program's own AxiosError in CommonJS, and nothing is sent",
  { tags: ['X15', 'E19'] },
  (_, scene, expected) => {
    const usual = { isAxiosError: true, isCanceledError: false, url: '/accounts', sent: 0 }
    expect(results[scene]).toEqual({ ...usual, ...expected })
  },
)
