import { generateKeyPairSync } from 'node:crypto'
import { createTokenProvider, isCountersignError, type TokenResponseError } from '@countersign/core'
import { createManualClock } from '@countersign/testing'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { parseTokenResponse, readBody } from '#core/token-endpoint/token-response.js'

/** Long enough to shrink a failure: a run that is stopped never shows its seed. */
vi.setConfig({ testTimeout: 120_000 })

const limit = 65_536
const issuedAt = Date.UTC(2026, 0, 1)
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

const printable = (from: number, to: number) =>
  fc.integer({ min: from, max: to }).map((code) => String.fromCharCode(code))
const tokenValue = fc.string({ unit: printable(0x21, 0x7e), minLength: 1 })
const tokenType = fc
  .array(fc.boolean(), { minLength: 6, maxLength: 6 })
  .map((upper) =>
    [...'bearer'].map((letter, at) => (upper[at] ? letter.toUpperCase() : letter)).join(''),
  )
const scope = fc
  .array(fc.string({ unit: printable(0x23, 0x5b), minLength: 1 }), { minLength: 1 })
  .map((tokens) => tokens.join(' '))
/** As servers write a lifetime, with the seconds that it means. */
const lifetime = fc.oneof(
  fc.integer({ min: 1, max: 86_400 }).map((seconds) => ({ written: seconds, seconds })),
  fc.integer({ min: 1, max: 86_400 }).map((seconds) => ({ written: `${seconds}`, seconds })),
  fc.integer({ min: 1, max: 86_399 }).map((seconds) => ({ written: seconds + 0.5, seconds })),
  fc.constantFrom(86_401, 2 ** 53, 1e308, '9999999999').map((written) => ({
    ...{ written, seconds: 86_400 },
  })),
)
const memberName = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString', 'refresh_token', 'expires_at', 'scopes'),
  fc.string({ unit: 'binary' }),
)
const ours = ['access_token', 'token_type', 'expires_in', 'scope', 'error']
const otherMembers = fc
  .array(fc.tuple(memberName, fc.jsonValue()))
  .map((members) => members.filter(([name]) => !ours.includes(name)))

/** An object with these own members, `__proto__` among them, as it comes out of JSON. */
function fromJson(members: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const text = members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
  return JSON.parse(`{${text.join(',')}}`)
}

function outcome(body: Record<string, unknown>) {
  try {
    return parseTokenResponse(body, issuedAt)
  } catch (error) {
    return error
  }
}

describe('what a token response says', () => {
  test('reads a valid one correctly with any other members', {
    tags: ['R10', 'R13', 'R16', 'R17', 'R18', 'R27', 'R28'],
  }, () => {
    const meant = fc.record({ tokenValue, tokenType, lifetime, scope, otherMembers })
    fc.assert(
      fc.property(meant, fc.nat(), ({ tokenValue, tokenType, lifetime, ...meant }, turn) => {
        const members = [
          ...meant.otherMembers,
          ['access_token', tokenValue] as const,
          ['token_type', tokenType] as const,
          ['expires_in', lifetime.written] as const,
          ['scope', meant.scope] as const,
        ]
        const at = turn % members.length

        const { token, warnings } = parseTokenResponse(
          fromJson([...members.slice(at), ...members.slice(0, at)]),
          issuedAt,
        )

        expect(token).toStrictEqual({
          value: tokenValue,
          tokenType: 'Bearer',
          issuedAt,
          expiresAt: issuedAt + lifetime.seconds * 1000,
          scope: meant.scope,
        })
        const isClamped = Number(lifetime.written) > 86_400
        expect(warnings).toEqual(isClamped ? ['expires-in-clamped'] : [])
      }),
      { numRuns: 500 },
    )
  })

  test('any other gives a sound token, or the error that names the member', {
    tags: ['R4', 'R6', 'R11', 'R12', 'R15', 'R20', 'R29'],
  }, () => {
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.string({ unit: 'binary' }),
      fc.double(),
      fc.constantFrom('', ' ', 'a\r\nb', 'a\u2028b', '0', '-1', '1e3', '0x10', 0, -1, [600], {}),
    )
    const soundOr = <T>(sound: fc.Arbitrary<T>) =>
      fc.option(fc.oneof(sound, anything), { nil: undefined })
    const members = fc.tuple(
      soundOr(tokenValue).map((value) => ['access_token', value] as const),
      soundOr(tokenType).map((value) => ['token_type', value] as const),
      soundOr(fc.integer()).map((value) => ['expires_in', value] as const),
      soundOr(scope).map((value) => ['scope', value] as const),
    )
    fc.assert(
      fc.property(members, otherMembers, (known, others) => {
        const body = fromJson([...others, ...known.filter(([, value]) => value !== undefined)])
        const result = outcome(body)
        if (result instanceof Error) {
          const { name, code, field } = result as TokenResponseError
          const isType = field === 'token_type'
          expect(name).toBe('TokenResponseError')
          expect(ours).toContain(field)
          expect(code).toBe(isType ? 'ERR_TOKEN_TYPE_UNSUPPORTED' : 'ERR_TOKEN_RESPONSE_INVALID')
          return
        }
        const { token } = result as ReturnType<typeof parseTokenResponse>
        expect(token.value).toMatch(/^[\x21-\x7e]+$/)
        expect(token.value).toBe(known[0][1])
        expect(token.tokenType).toBe('Bearer')
        expect((token.expiresAt - issuedAt) % 1000).toBe(0)
        expect(token.expiresAt).toBeGreaterThanOrEqual(issuedAt)
        expect(token.expiresAt).toBeLessThanOrEqual(issuedAt + 86_400_000)
        expect(token.scope ?? 'none').toMatch(/^[\x20-\x7e]+$/)
      }),
      { numRuns: 1000 },
    )
  })

  test('gives the caller a token or a named error for any bytes and headers', {
    tags: ['R1', 'R2', 'R3', 'O7', 'O11'],
  }, async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((text) => Buffer.from(text)),
      fc.tuple(otherMembers, fc.nat()).map(([members, cut]) => {
        const text = JSON.stringify({ access_token: 'x', ...Object.fromEntries(members) })
        return Buffer.from(text.slice(0, cut % (2 * text.length)))
      }),
    )
    const headerValue = fc.oneof(
      fc.string({ unit: printable(0x20, 0x7e) }),
      fc.constantFrom('0', '7', '3600', '-1', '1e20', '9'.repeat(400), 'application/json'),
      fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
    )
    const names = fc.constantFrom('content-type', 'retry-after', 'date', 'location')
    const headers = fc.dictionary(names, headerValue)
    const named =
      /^ERR_(OAUTH|TOKEN_(HTTP|RATE_LIMITED|UNAVAILABLE|REDIRECT|RESPONSE_\w+|TYPE_\w+))$/
    const status = fc.constantFrom(200, 200, 200, 201, 206, 307, 400, 401, 403, 404, 429, 500, 503)
    await fc.assert(
      fc.asyncProperty(bytes, headers, status, async (body, headers, status) => {
        const clock = createManualClock()
        const tokens = createTokenProvider({
          clientId: 'client',
          tokenEndpoint: 'https://login.example.com/token',
          key: privateKey,
          retries: 0,
          clock,
          fetch: async () => new Response(Buffer.from(body), { status, headers }),
        })
        const result = await tokens.getAccessToken().catch((error: unknown) => error)
        if (isCountersignError(result)) {
          expect(result.code).toMatch(named)
          const pause = (result.nextAttemptAt as number) - clock.now()
          expect(pause).toBeGreaterThan(0)
          expect(pause).toBeLessThanOrEqual(3_600_000)
          expect(tokens.currentAccessToken()).toBeUndefined()
        } else {
          expect(result).toBe(tokens.currentAccessToken())
          expect(status).toBeLessThan(300)
        }
      }),
      { numRuns: 200 },
    )
  })
})

describe('the body of a token response', () => {
  /** A response that hands out its bytes in pieces, and counts what is asked of it. */
  function inPieces(bytes: Uint8Array, sizes: readonly number[]) {
    const count = { pulls: 0, bytes: 0, isCanceled: false }
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          const size = sizes[count.pulls++ % sizes.length] as number
          const piece = bytes.slice(count.bytes, count.bytes + size)
          count.bytes += piece.length
          if (piece.length === 0) controller.close()
          else controller.enqueue(piece)
        },
        cancel() {
          count.isCanceled = true
        },
      },
      { highWaterMark: 0 },
    )
    return { count, response: new Response(body) }
  }

  const sizes = fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1 })

  test('reads a text the same in any chunks', { tags: ['R3'] }, async () => {
    const small = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 })
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), small, async (text, sizes) => {
        const bytes = Buffer.from(text)
        const { response } = inPieces(bytes, sizes)
        expect(await readBody(response)).toBe(bytes.toString().replace(/^\ufeff/, ''))
      }),
      { numRuns: 200 },
    )
  })

  test('of a body past 64 KiB no more than one piece beyond them is read', {
    tags: ['E16'],
  }, async () => {
    const over = fc.integer({ min: -200, max: 200 })
    await fc.assert(
      fc.asyncProperty(over, sizes, async (over, sizes) => {
        const { response, count } = inPieces(new Uint8Array(limit + over).fill(0x20), sizes)
        const result = await readBody(response).catch((error: unknown) => error)
        if (over <= 0) {
          expect(result).toHaveLength(limit + over)
          return
        }
        expect(result).toMatchObject({
          name: 'TokenResponseError',
          code: 'ERR_TOKEN_RESPONSE_TOO_LARGE',
        })
        expect(count.bytes).toBeLessThanOrEqual(limit + Math.max(...sizes))
        expect(count.isCanceled).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  test('twice the bytes are twice the work', { tags: ['E16'] }, async () => {
    const pulls = async (length: number) => {
      const { response, count } = inPieces(new Uint8Array(length).fill(0x20), [16])
      await readBody(response)
      return count.pulls
    }
    expect((await pulls(limit)) / (await pulls(limit / 2))).toBeLessThan(2.1)
  })
})
