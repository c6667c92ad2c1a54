import type { Fault } from '@countersign/testing'
import { describe, expect, test } from 'vitest'
import {
  failureAt,
  rejection,
  secretText,
  startOfTime,
  wireOf,
} from '../../support/provider-under-test.ts'

type Answer = Omit<Extract<Fault, { type: 'answer' }>, 'type'>

const html = { 'content-type': 'text/html; charset=utf-8' }
const trouble = 'The authorization server is failing: later calls will retry.'

async function refusalOf(answer: Answer) {
  const { error, server, clock, ...rest } = await failureAt({ type: 'answer', ...answer })
  return { ...rest, error: error as Error, requests: server.requests, pauses: clock.pauses }
}

describe('an error by its name', () => {
  test.each([
    ['O8', 'invalid_target', 'Probably the server does not know the resource.'],
    ['O16', 'use_dpop_nonce', 'Probably the client is configured for DPoP'],
  ])('%s: %s is an OAuth error, not retried, and remembered', async (_, oauth, advice) => {
    const headers = { 'content-type': 'application/json', 'dpop-nonce': 'nonce-1' }
    const body = { error: oauth, error_description: 'as the server says' }
    const { error, tokens, requests } = await refusalOf({ status: 400, headers, body })
    expect(error).toMatchObject({
      name: 'TokenEndpointError',
      code: 'ERR_OAUTH',
      error: oauth,
      errorDescription: 'as the server says',
      status: 400,
      attempts: 1,
      retryable: false,
      nextAttemptAt: startOfTime + 1_000,
    })
    expect(error.message).toContain(`The token endpoint answered 400 '${oauth}'.`)
    expect(error.message).toContain(advice)
    expect(await rejection(tokens.getAccessToken())).toEqual(error)
    expect(requests).toHaveLength(1)
    expect(requests.map((request) => wireOf(request).head).join()).not.toMatch(/dpop/i)
  })
})

describe('a server that fails', () => {
  test('an HTML page with a 500 is retried twice, then mentioned and not quoted', {
    tags: ['O6'],
  }, async () => {
    const body = `<html>unknown kid ${secretText}</html>`
    const { error, requests } = await refusalOf({ status: 500, headers: html, body })
    expect(error).toMatchObject({
      name: 'TokenEndpointError',
      code: 'ERR_TOKEN_UNAVAILABLE',
      status: 500,
      attempts: 3,
      retryable: true,
      message: expect.stringContaining(
        `The token endpoint answered 500 with an HTML page. ${trouble}`,
      ),
    })
    expect(error).not.toHaveProperty('error', expect.anything())
    expect(requests).toHaveLength(3)
  })

  test.each([
    [500, 'server_error'],
    [502, 'temporarily_unavailable'],
    [503, 'temporarily_unavailable'],
    [504, 'server_error'],
  ])('a %i with %s is retried and carries that error', { tags: ['O9'] }, async (status, oauth) => {
    const body = { error: oauth, error_description: 'in an hour' }
    const { error, requests } = await refusalOf({ status, body })
    expect(error).toMatchObject({
      code: 'ERR_TOKEN_UNAVAILABLE',
      status,
      error: oauth,
      errorDescription: 'in an hour',
      attempts: 3,
      retryable: true,
      message: expect.stringContaining(
        `The token endpoint answered ${status} '${oauth}'. The server reports: "in an hour". ${trouble}`,
      ),
    })
    expect(requests).toHaveLength(3)
  })

  test.each([408, 425, 500, 502, 504])(
    'a %i is retried twice, each time with a new assertion',
    { tags: ['O13'] },
    async (status) => {
      const { error, events, jtis, pauses } = await refusalOf({ status })
      expect(error).toMatchObject({
        code: 'ERR_TOKEN_UNAVAILABLE',
        status,
        attempts: 3,
        retryable: true,
        message: expect.stringContaining(`The token endpoint answered ${status}. ${trouble}`),
      })
      expect(jtis).toHaveLength(3)
      expect(new Set(jtis).size).toBe(3)
      expect(pauses.map((pause, retry) => pause < 200 * 2 ** retry)).toEqual([true, true])
      expect(events.map(({ type }) => type)).toEqual([
        ...Array(3).fill('token-request-failed'),
        'renewal-failed',
      ])
    },
  )

  test.each([
    [429, 'ERR_TOKEN_RATE_LIMITED'],
    [503, 'ERR_TOKEN_UNAVAILABLE'],
  ])(
    'a %i with a page of 100 kB is judged by its status',
    { tags: ['O11', 'O13'] },
    async (status, code) => {
      const headers = { ...html, 'retry-after': '60' }
      const { error, requests } = await refusalOf({ status, headers, body: 'x'.repeat(100_000) })
      expect(error).toMatchObject({ code, status, nextAttemptAt: startOfTime + 60_000 })
      expect(requests).toHaveLength(1)
    },
  )

  test('a 502 with a page of 100 kB is retried', { tags: ['O13'] }, async () => {
    const body = 'x'.repeat(100_000)
    const { error, requests } = await refusalOf({ status: 502, headers: html, body })
    expect(error).toMatchObject({ code: 'ERR_TOKEN_UNAVAILABLE', status: 502, attempts: 3 })
    expect(requests).toHaveLength(3)
  })
})

describe('a wrong URL', () => {
  test.each([
    [404, 'ERR_TOKEN_HTTP'],
    [405, 'ERR_TOKEN_HTTP'],
    [410, 'ERR_TOKEN_HTTP'],
    [415, 'ERR_TOKEN_HTTP'],
    [501, 'ERR_TOKEN_UNAVAILABLE'],
  ])('a %i is not retried, and asks to check the URL', { tags: ['O13'] }, async (status, code) => {
    const { error, requests, pauses } = await refusalOf({ status, headers: html })
    expect(error).toMatchObject({
      name: 'TokenEndpointError',
      code,
      status,
      attempts: 1,
      retryable: false,
      message: expect.stringMatching(
        new RegExp(
          `^The token endpoint answered ${status}.*is not a token endpoint: check the option 'tokenEndpoint'\\.`,
        ),
      ),
    })
    expect(error.message).not.toContain(trouble)
    expect(requests).toHaveLength(1)
    expect(pauses).toEqual([])
  })
})
