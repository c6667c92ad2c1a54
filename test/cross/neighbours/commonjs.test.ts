import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'

const program = fileURLToPath(new URL('commonjs-program.cjs', import.meta.url))

/** What happened in each scene of the program. */
let happened: Record<string, Record<string, unknown>>

beforeAll(async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 50_000 })
  happened = JSON.parse(stdout)
}, 60_000)

test('a CommonJS program has another copy of axios than our ES module', () => {
  expect(happened.copies).toEqual({ file: 'dist/node/axios.cjs', isOurs: false })
})

test.each(['the default adapter', 'adapter http', 'adapter fetch', 'adapters fetch, http'])(
  'U1: in CommonJS, by %s, a revoked token is renewed once and the request replayed',
  (scene) => {
    expect(happened[scene]).toEqual({
      requests: ['POST /accounts 200', 'POST /accounts 401', 'POST /accounts 200'],
      bodies: Array(3).fill('{"name":"é"}'),
      tokens: 2,
      tokenRequests: 2,
      transformed: 'request,response,request,response',
      data: { ok: true, method: 'POST', url: '/accounts' },
      url: '/accounts',
      showsToken: false,
    })
  },
)

test.each(['redirected by http', 'redirected by fetch'])(
  'U21: in CommonJS, %s, a post that was carried out is not sent again',
  (scene) => {
    expect(happened[scene]).toEqual({
      requests: ['POST /accounts 303', 'GET /receipt 401'],
      bodies: ['{}', ''],
      tokens: 1,
      status: 401,
      tokenRequests: 1,
    })
  },
)

const url = '/accounts'
const error = { isAxiosError: true, isCanceledError: false, isCancel: false, url }
/** Held by the authorization server: who waited for it would have seen a second attempt. */
const unsent = { tokenRequests: 1, sent: 0 }
const canceled = { isAxiosError: true, isCanceledError: true, isCancel: true, code: 'ERR_CANCELED' }

test("U5: in CommonJS a 401 that stays is the program's own AxiosError, without a token", () => {
  expect(happened['refused twice']).toEqual({
    ...error,
    code: 'ERR_BAD_REQUEST',
    message: 'Request failed with status code 401',
    data: 'the second',
    showsToken: false,
  })
})

test("X15: in CommonJS a failed token request is the program's own AxiosError, with our code", () => {
  expect(happened['failed token request']).toEqual({
    ...error,
    code: 'ERR_OAUTH',
    message: expect.stringMatching(/^The token endpoint answered 400 'unauthorized_client'\./),
    cause: 'TokenEndpointError',
    sent: 0,
  })
})

test("E19: in CommonJS an abort while the token is awaited is the program's own CanceledError", () => {
  expect(happened['signal aborted']).toEqual({ ...canceled, url, message: 'canceled', ...unsent })
})

test('E19: in CommonJS a cancel token that is used while the token is awaited says its own reason', () => {
  // The reason is made by `cancel`, which knows of no request: no config, without us too.
  expect(happened['cancel token']).toEqual({ ...canceled, message: 'enough', ...unsent })
})

test('E19: in CommonJS a timeout while the token is awaited is told in the words of axios', () => {
  expect(happened['timed out']).toEqual({
    ...error,
    code: 'ECONNABORTED',
    message: 'timeout of 20ms exceeded',
    sent: 0,
  })
})
