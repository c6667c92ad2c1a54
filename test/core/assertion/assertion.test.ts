import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createTokenProvider, type TokenProviderOptions } from '@countersign/core'
import {
  type AuthorizationServer,
  createAuthorizationServer,
  createManualClock,
} from '@countersign/testing'
import { decodeJwt } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const key = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
const privateJwk = privateKey.export({ format: 'jwk' })
const publicJwk = createPublicKey(privateKey).export({ format: 'jwk' })
const now = Date.UTC(2026, 0, 1)
const clock = createManualClock(now)
const raw: Server[] = []
let server: AuthorizationServer

beforeEach(async () => {
  server = await createAuthorizationServer({ clock })
  server.register({ clientId: 'client-1', jwks: { keys: [publicJwk] } })
})
afterEach(async () => {
  await server.close()
  for (const one of raw.splice(0)) {
    one.closeAllConnections()
    await new Promise((resolve) => one.close(resolve))
  }
})

describe('claims and header', () => {
  test('an assertion has six claims, dated back by 5 s, and the header alg and typ', {
    tags: ['A1'],
  }, async () => {
    await provider().getAccessToken()
    expect(server.requests).toMatchObject([{ status: 200 }])
    expect(server.requests[0]?.claims).toEqual({
      iss: 'client-1',
      sub: 'client-1',
      aud: server.tokenEndpoint,
      jti: expect.stringMatching(/^[\w-]{22}$/),
      iat: now / 1000 - 5,
      exp: now / 1000 - 5 + 60,
    })
    expect(server.requests[0]?.header).toEqual({ alg: 'ES256', typ: 'JWT' })
  })

  test('extra claims and header members are included', { tags: ['A1'] }, async () => {
    const assertion = { claims: { env: 'test', roles: ['a'] }, header: { x5t: 'thumb' } }
    await provider({ assertion }).getAccessToken()
    const [request] = server.requests
    expect(request?.claims).toMatchObject({ iss: 'client-1', env: 'test', roles: ['a'] })
    expect(Object.keys(request?.claims ?? {})).toHaveLength(8)
    expect(request?.header).toEqual({ alg: 'ES256', typ: 'JWT', x5t: 'thumb' })
  })

  test.each([
    ...['iss', 'sub', 'aud', 'jti', 'iat', 'exp'].map((name) => ['claims', name] as const),
    ...['alg', 'kid', 'typ'].map((name) => ['header', name] as const),
  ])('extra %s cannot override %s', { tags: ['A1'] }, (member, name) => {
    const option = `assertion.${member}`
    expect(rejectionOf({ [member]: { [name]: 'mine' } })).toMatchObject({
      ...{ name: 'ConfigurationError', code: 'ERR_INVALID_OPTION', option },
      message: `Option '${option}' must not set '${name}'.`,
    })
  })

  test('an assertion has no kid unless one is known', { tags: ['A7'] }, async () => {
    await provider().getAccessToken()
    await provider({ key: privateJwk }).getAccessToken()
    expect(server.requests.map(({ header }) => 'kid' in header)).toEqual([false, false])
    expect(server.requests.map(({ status }) => status)).toEqual([200, 200])
  })

  test.each([
    ['the JWK', { key: { ...privateJwk, kid: 'of-jwk' } }, 'of-jwk'],
    ['the option', { kid: 'of-option' }, 'of-option'],
    ['the key with its header', { key: { key, kid: 'of-pair' } }, 'of-pair'],
    [
      'the option before the JWK',
      { key: { ...privateJwk, kid: 'of-jwk' }, kid: 'of-option' },
      'of-option',
    ],
  ])('the kid comes from %s', { tags: ['A7'] }, async (_, options, kid) => {
    server.register({ clientId: 'client-1', jwks: { keys: [{ ...publicJwk, kid }] } })
    await provider(options).getAccessToken()
    expect(server.requests).toMatchObject([{ status: 200, header: { kid } }])
  })
})

describe('the option typ', { tags: ['A6'] }, () => {
  test.each([
    ['JWT', {}],
    ['JWT', { typ: 'JWT' }],
    ['client-authentication+jwt', { typ: 'client-authentication+jwt' }],
  ])('is %s with %j, and the server takes it', async (typ, assertion) => {
    await provider({ assertion }).getAccessToken()
    expect(server.requests).toMatchObject([{ status: 200, header: { alg: 'ES256', typ } }])
  })

  test.each([[''], [7], [null], [['JWT']]])('%j is rejected', (typ) => {
    expect(rejectionOf({ typ })).toMatchObject({
      name: 'ConfigurationError',
      code: 'ERR_INVALID_OPTION',
      message: "Option 'assertion.typ' must be a string that is not empty.",
      option: 'assertion.typ',
    })
  })
})

describe('form', { tags: ['A2'] }, () => {
  test('the token request is a UTF-8 form with the assertion and single spaces', async () => {
    const { tokenEndpoint, requests } = await rawServer()
    const parameters = { note: '+ & = % é' }
    const options = { tokenEndpoint, parameters, scope: ['read', 'a+b=c&d%'] }
    await provider(options).getAccessToken()

    const [{ method, contentType, body = '' } = {}] = requests
    expect({ method, contentType }).toEqual({
      method: 'POST',
      contentType: 'application/x-www-form-urlencoded',
    })
    expect(body.replace(/(client_assertion=)[\w.-]+/, '$1JWT').split('&')).toEqual([
      'grant_type=client_credentials',
      'client_id=client-1',
      'client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer',
      'client_assertion=JWT',
      'scope=read+a%2Bb%3Dc%26d%25',
      'note=%2B+%26+%3D+%25+%C3%A9',
    ])
  })

  test('special characters are encoded and decoded', async () => {
    const { tokenEndpoint, requests } = await rawServer()
    const clientId = 'a+b&c=d%e'
    const parameters = { note: '+ & = % é' }
    await provider({ tokenEndpoint, clientId, parameters }).getAccessToken()
    const form = new URLSearchParams(requests[0]?.body)
    expect(form.get('client_id')).toBe(clientId)
    expect(form.get('note')).toBe(parameters.note)
    expect(decodeJwt(form.get('client_assertion') ?? '')).toMatchObject({
      iss: clientId,
      sub: clientId,
    })
  })
})

describe('audience', () => {
  test.each(['https://AS.Example', 'https://as.example:443/a/../token', 'https://as.example/?q= '])(
    'the audience %s is signed byte for byte',
    { tags: ['A3'] },
    async (audience) => {
      server.register({ clientId: 'client-1', jwks: { keys: [publicJwk] }, audience })
      await provider({ assertion: { audience } }).getAccessToken()
      expect(server.requests).toMatchObject([{ status: 200, claims: { aud: audience } }])
    },
  )

  test.each(['', '/', '/a/../token', '/TOKEN'])(
    'a token endpoint with the path %j is signed as configured',
    { tags: ['A3'] },
    async (path) => {
      const { origin, requests } = await rawServer()
      for (const tokenEndpoint of [
        `${origin}${path}`,
        `${origin.replace('http', 'HTTP')}${path}`,
      ]) {
        await provider({ tokenEndpoint }).getAccessToken()
        const form = new URLSearchParams(requests.at(-1)?.body)
        expect(decodeJwt(form.get('client_assertion') ?? '').aud).toBe(tokenEndpoint)
      }
    },
  )

  test('the audience is the token endpoint, or the one that is configured', {
    tags: ['A4'],
  }, async () => {
    const audience = 'https://as.example/issuer'
    await provider().getAccessToken()
    server.register({ clientId: 'client-1', jwks: { keys: [publicJwk] }, audience })
    await provider({ assertion: { audience } }).getAccessToken()
    expect(server.requests).toMatchObject([
      { status: 200, claims: { aud: server.tokenEndpoint } },
      { status: 200, claims: { aud: audience } },
    ])
  })

  test('two endpoints of one server sign for one audience, and either server takes it', {
    tags: ['A5'],
  }, async () => {
    const audience = 'https://login.example.com'
    await using region = await createAuthorizationServer({ clock })
    for (const one of [server, region]) {
      one.register({ clientId: 'client-1', jwks: { keys: [publicJwk] }, audience })
      const { tokenEndpoint } = one
      await provider({ tokenEndpoint, assertion: { audience } }).getAccessToken()
      expect(one.requests).toMatchObject([{ status: 200, claims: { aud: audience } }])
    }
  })

  test('without an audience the alias of an endpoint is another audience', {
    tags: ['A5'],
  }, async () => {
    const tokenEndpoint = server.tokenEndpoint.replace('127.0.0.1', 'localhost')
    const call = provider({ tokenEndpoint }).getAccessToken()
    await expect(call).rejects.toMatchObject({
      code: 'ERR_OAUTH',
      error: 'invalid_client',
      sent: { audience: tokenEndpoint },
    })
    expect(server.requests).toMatchObject([{ status: 401, claims: { aud: tokenEndpoint } }])
  })

  test.each([[['https://as.example']], [[]], [''], [7]])(
    'the audience %j is rejected',
    { tags: ['A4'] },
    (audience) => {
      expect(rejectionOf({ audience })).toMatchObject({
        name: 'ConfigurationError',
        code: 'ERR_INVALID_OPTION',
        message: "Option 'assertion.audience' must be a string that is not empty.",
        option: 'assertion.audience',
      })
    },
  )
})

describe('lifetime', { tags: ['A8'] }, () => {
  test.each([
    [undefined, 60],
    [10, 10],
    [300, 300],
  ])('with lifetimeSeconds %j an assertion lives %i s', async (lifetimeSeconds, seconds) => {
    const { tokenEndpoint, requests } = await rawServer()
    await provider({ tokenEndpoint, assertion: { lifetimeSeconds } }).getAccessToken()
    const form = new URLSearchParams(requests[0]?.body)
    const { iat, exp } = decodeJwt(form.get('client_assertion') ?? '')
    expect(Number(exp) - Number(iat)).toBe(seconds)
  })

  test('a lifetime above 300 s is rejected', () => {
    expect(rejectionOf({ lifetimeSeconds: 301 })).toMatchObject({
      name: 'ConfigurationError',
      code: 'ERR_INVALID_OPTION',
      message: "Option 'assertion.lifetimeSeconds' must be a whole number from 10 to 300.",
      option: 'assertion.lifetimeSeconds',
    })
  })
})

function provider(options: Record<string, unknown> = {}) {
  const defaults = { clientId: 'client-1', tokenEndpoint: server.tokenEndpoint, key, clock }
  return createTokenProvider({ ...defaults, ...options } as TokenProviderOptions)
}

function rejectionOf(assertion: Record<string, unknown>): unknown {
  try {
    provider({ assertion })
  } catch (error) {
    return error
  }
  throw new Error('nothing was rejected')
}

async function rawServer() {
  const requests: { method?: string; contentType?: string; body: string }[] = []
  const one = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { method = '', headers } = request
    const contentType = headers['content-type'] ?? ''
    requests.push({ method, contentType, body: Buffer.concat(chunks).toString() })
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ access_token: 't', token_type: 'Bearer', expires_in: 600 }))
  })
  raw.push(one)
  await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(one.address() as AddressInfo).port}`
  return { requests, origin, tokenEndpoint: `${origin}/token` }
}
