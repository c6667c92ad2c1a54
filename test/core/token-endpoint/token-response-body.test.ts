import { describe, expect, test } from 'vitest'
import {
  faultServer,
  goodToken,
  providerFor,
  rejection,
  standingClock,
} from '../../support/provider-under-test.ts'

const json = { 'content-type': 'application/json' }
const good = JSON.stringify(goodToken)

async function answerTo(body: string | Buffer, headers: Record<string, string> = json) {
  const server = await faultServer({ type: 'answer', body, headers })
  const { tokens } = providerFor(server.tokenEndpoint, { clock: standingClock() })
  return { tokens, server }
}

async function refusalOf(body: string | Buffer) {
  const { tokens, server } = await answerTo(body)
  const error = await rejection(tokens.getAccessToken())
  expect(tokens.currentAccessToken()).toBeUndefined()
  expect(server.requests).toHaveLength(1)
  return error
}

const malformed = (length: number) => ({
  code: 'ERR_TOKEN_RESPONSE_MALFORMED',
  message: `The token endpoint answered 200, but not with a JSON object (application/json, ${length} characters). Check that the URL is that of a token endpoint.`,
  retryable: false,
})

describe('a body that is not JSON', () => {
  test.each([
    ['cut short', good.slice(0, -1)],
    ['with a comma too many', good.replace('}', ',}')],
    ['with NaN', good.replace('600', 'NaN')],
    ['with single quotes', good.replaceAll('"', "'")],
    ['followed by another', `${good}${good}`],
    ['in UTF-16', Buffer.from(good, 'utf16le').toString('latin1')],
    ['of brackets alone', '['.repeat(60_000)],
    ['of brackets in brackets', `${'['.repeat(30_000)}${']'.repeat(30_000)}`],
    ['of objects in objects', `${'{"a":'.repeat(10_000)}1`],
  ])('a response %s is malformed', { tags: ['R3'] }, async (_, body) => {
    expect(await refusalOf(body)).toMatchObject(malformed(body.length))
  })

  test('rejects UTF-16 with its byte order mark as malformed, however it is read', {
    tags: ['R3'],
  }, async () => {
    const error = await refusalOf(Buffer.from(`\ufeff${good}`, 'utf16le'))
    expect(error).toMatchObject({ code: 'ERR_TOKEN_RESPONSE_MALFORMED', retryable: false })
    expect(String(error)).not.toContain('token-1')
  })

  test('a hundred thousand brackets are not even read', { tags: ['R3'] }, async () => {
    expect(await refusalOf('['.repeat(100_000))).toMatchObject({
      code: 'ERR_TOKEN_RESPONSE_TOO_LARGE',
      message:
        'The token endpoint answered with more than 65536 bytes. Check that the URL is that of a token endpoint.',
    })
  })

  test('neither does the right content type make it one', { tags: ['R2'] }, async () => {
    expect(await refusalOf('access_token=token-1&token_type=bearer')).toMatchObject(malformed(38))
  })
})

describe('a body that is still JSON', () => {
  test.each([
    ['with a byte order mark', `\ufeff${good}`],
    ['with white space around it', `\r\n\t ${good} \n`],
    ['with brackets 20,000 deep beside the token', deepBeside(20_000)],
    ['with a number out of range beside the token', good.replace('{', '{"x":1e400,')],
    ['that says a member twice: the last counts', good.replace('{', '{"access_token":"first",')],
  ])('a response %s is a token response', { tags: ['R3'] }, async (_, body) => {
    const { tokens } = await answerTo(body)
    expect((await tokens.getAccessToken()).value).toBe('token-1')
  })
})

describe('what belongs to the response', { tags: ['R4'] }, () => {
  const noToken = {
    code: 'ERR_TOKEN_RESPONSE_INVALID',
    field: 'access_token',
    message:
      "The token response's access_token is missing or not printable ASCII without spaces (RFC 6749 section 5.1). The token was discarded.",
  }

  test.each([
    '{"__proto__":{"access_token":"planted","token_type":"Bearer","expires_in":600}}',
    '{"constructor":{"prototype":{"access_token":"planted"}}}',
    '{}',
  ])('%s holds no token', async (body) => {
    const error = await refusalOf(body)
    expect(error).toMatchObject(noToken)
    expect(JSON.stringify(error)).not.toContain('planted')
    expect(Object.hasOwn(Object.prototype, 'access_token')).toBe(false)
  })

  test('a token on a polluted Object.prototype is not taken', async () => {
    const { tokens } = await answerTo('{"token_type":"Bearer","expires_in":600}')
    const planted = { value: 'planted', configurable: true, writable: true }
    Object.defineProperty(Object.prototype, 'access_token', planted)
    try {
      expect(await rejection(tokens.getAccessToken())).toMatchObject(noToken)
    } finally {
      Reflect.deleteProperty(Object.prototype, 'access_token')
    }
  })
})

test.each([
  ['none', {}],
  ['no-store', { 'cache-control': 'no-store', pragma: 'no-cache' }],
  ['no-cache, max-age=0', { 'cache-control': 'no-cache, max-age=0' }],
  ['public, max-age=31536000', { 'cache-control': 'public, max-age=31536000' }],
])(
  'with the cache headers %s a token lives as expires_in says',
  { tags: ['R30'] },
  async (_, headers) => {
    const all = { ...json, ...headers }
    const server = await faultServer({ type: 'answer', body: goodToken, headers: all })
    const { tokens, events } = providerFor(server.tokenEndpoint, { clock: standingClock() })
    const token = await tokens.getAccessToken()
    expect(token.expiresAt - token.issuedAt).toBe(600_000)
    expect(await tokens.getAccessToken()).toBe(token)
    expect(server.requests).toHaveLength(1)
    expect(events.map(({ type }) => type)).toEqual(['token-issued'])
  },
)

function deepBeside(depth: number): string {
  return good.replace('{', `{"deep":${'['.repeat(depth)}${']'.repeat(depth)},`)
}
