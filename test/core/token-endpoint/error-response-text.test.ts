import type { Fault } from '@countersign/testing'
import { describe, expect, test } from 'vitest'
import {
  failureAt,
  providerFor,
  rejection,
  standingClock,
} from '../../support/provider-under-test.ts'

interface Refusal extends Error {
  readonly code: string
  readonly error?: string
  readonly errorDescription?: string
}

async function refusalOf({ body }: Pick<Extract<Fault, { type: 'answer' }>, 'body'>) {
  const { error, server } = await failureAt({ type: 'answer', status: 400, body })
  expect(server.requests).toHaveLength(1)
  return error as Refusal
}

describe('the description of a server', { tags: ['O14'] }, () => {
  test.each([
    ['with line breaks', 'no\r\nsuch\nclient', 'no such client'],
    ['with an escape sequence', '\x1b[31mred\x1b[0m', '[31mred [0m'],
    ['with NUL, DEL and later controls', 'a\0b\x7fc\u0085d\u009be', 'a b c d e'],
    ['with separators and overrides of Unicode', 'a\u2028b\u202ec\ufeffd', 'a b c d'],
    ['with markup, which stays text', '<script>x</script>', '<script>x</script>'],
    ['with quotes', 'say "no"', 'say "no"'],
  ])('%s is one line of printable ASCII, told as its words', async (_, text, shown) => {
    const error = await refusalOf({ body: { error: 'invalid_client', error_description: text } })
    expect(error.errorDescription).toBe(shown)
    expect(error.message).toContain(` The server reports: "${shown}". `)
    expect(error.message).toMatch(/^[\x20-\x7e]+$/)
  })

  test.each([513, 5_000, 60_000])(
    'of %i characters is cut at a space, to 512 at most',
    async (length) => {
      const text = 'no such '.repeat(length / 8 + 1).slice(0, length)
      const error = await refusalOf({ body: { error: 'invalid_client', error_description: text } })
      expect(error.errorDescription).toBe(`${text.slice(0, 506)}...`)
      expect(error.message).toMatch(
        / The server reports: "(no such )+no( such)?\.\.\."\. Probably /,
      )
      expect(error.message.length).toBeLessThanOrEqual(350)
    },
  )

  test('of 1 MB is not read, and the error states the status', async () => {
    const body = { error: 'invalid_client', error_description: 'no such '.repeat(125_000) }
    const error = await refusalOf({ body })
    expect(error).toMatchObject({ name: 'TokenEndpointError', code: 'ERR_TOKEN_HTTP', status: 400 })
    expect(error).not.toHaveProperty('errorDescription', expect.anything())
    expect(error.message.length).toBeLessThan(500)
  })

  test.each([[7], [{ text: 'x' }], [['x']], [''], [null]])(
    'that is %j is left out',
    async (text) => {
      const error = await refusalOf({ body: { error: 'invalid_client', error_description: text } })
      expect(error.errorDescription).toBeUndefined()
      expect(error.message).not.toContain('The server reports')
    },
  )
})

describe('an assertion that comes back', () => {
  /** Refuses with a text about the assertion of the request, which it gets to see. */
  async function echoed(echo: (assertion: string) => Record<string, string>) {
    let assertion = ''
    const { tokens, events } = providerFor('https://as.example/token', {
      clock: standingClock(),
      fetch: async (_, { body }) => {
        assertion = new URLSearchParams(String(body)).get('client_assertion') ?? ''
        return Response.json(echo(assertion), { status: 400 })
      },
    })
    const error = (await rejection(tokens.getAccessToken())) as Refusal
    expect(assertion).toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/)
    const [header = '', claims = '', signature = ''] = assertion.split('.')
    const shown = [error.message, error.stack, JSON.stringify([error, events])].join('\n')
    for (const part of [assertion, header, claims, signature, claims.slice(0, 40)]) {
      expect(shown).not.toContain(part)
    }
    return error
  }

  test('in the middle of a description is redacted there', { tags: ['O15'] }, async () => {
    const error = await echoed((assertion) => ({
      error: 'invalid_client',
      error_description: `invalid token ${assertion}, try another`,
    }))
    expect(error.errorDescription).toBe('invalid token [redacted], try another')
    expect(error.message).toContain('The server reports: "invalid token [redacted], try another".')
  })

  test('as the error itself is redacted too', { tags: ['O15'] }, async () => {
    const error = await echoed((assertion) => ({ error: assertion }))
    expect(error).toMatchObject({ code: 'ERR_OAUTH', error: '[redacted]' })
  })

  test('many times over is redacted each time', { tags: ['O15'] }, async () => {
    const error = await echoed((assertion) => ({
      error: 'invalid_client',
      error_description: Array(5).fill(assertion).join(' or '),
    }))
    expect(error.errorDescription).toMatch(/^\[redacted\]( or \[redacted\])*/)
  })

  test.each([
    ['a JWT', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.'],
    ['a run of 40 characters', 'aB3xY'.repeat(8)],
    ['a run of 40 in the path of a URL', `https://as.example/a/${'aB3xY'.repeat(8)}`],
    ['base64 of 44', `${'Ab1+/'.repeat(8)}xyz=`],
    [
      'a key as one line',
      `-----BEGIN PRIVATE KEY----- ${'MIGh2'.repeat(13)} -----END PRIVATE KEY-----`,
    ],
  ])('%s in a description is redacted', { tags: ['O15'] }, async (_, secret) => {
    const error = await refusalOf({
      body: { error: 'invalid_client', error_description: `got ${secret} instead` },
    })
    expect(error.errorDescription).toContain('[redacted]')
    expect(error.errorDescription).not.toContain(secret)
    expect(error.message).not.toContain(secret)
  })

  test.each([
    ['see https://u:p@as.example/a?code=s3cret#f now', 'see https://as.example/a now'],
    ['see https://as.example?code=s3cret', 'see https://as.example'],
    ['see (https://as.example/a?b=c, or not)', 'see (https://as.example/a or not)'],
  ])('a URL in %j keeps scheme, host and path', async (text, shown) => {
    const error = await refusalOf({ body: { error: 'invalid_client', error_description: text } })
    expect(error.errorDescription).toBe(shown)
  })

  test.each([
    'see https://as.example/docs/errors',
    `the aud is not https://${'a-long-name.'.repeat(6)}example/realms/${'some-name-'.repeat(5)}`,
    `thumbprint ${'0123456789ABCDEF'.repeat(4)}`,
    'client app-1.eu.example is unknown',
  ])('the plain words %j are shown', { tags: ['O15'] }, async (text) => {
    const error = await refusalOf({ body: { error: 'invalid_client', error_description: text } })
    expect(error.errorDescription).toBe(text)
  })
})
