import { generateKeyPairSync } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createTokenProvider, type TokenProviderOptions } from '@countersign/core'
import { decodeJwt } from 'jose'
import { afterEach, describe, expect, test } from 'vitest'

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const key = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
const defaults = { clientId: 'client-1', tokenEndpoint: 'https://as.example/token', key }
const insecure = {
  name: 'ConfigurationError',
  code: 'ERR_INSECURE_TOKEN_ENDPOINT',
  message: expect.stringContaining("Option 'tokenEndpoint' must be https"),
  option: 'tokenEndpoint',
}
const configurationError = (code: string, option: string, message: unknown) => ({
  ...{ name: 'ConfigurationError', code, option, message },
})
const servers: Server[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

describe('required options', () => {
  test.each(['tokenEndpoint', 'clientId', 'key'])(
    'a missing %s is named at construction',
    { tags: ['G1'] },
    (option) => {
      const code = {
        tokenEndpoint: 'ERR_INVALID_TOKEN_ENDPOINT',
        clientId: 'ERR_INVALID_CLIENT_ID',
        key: 'ERR_INVALID_OPTION',
      }[option]
      const message = expect.stringContaining(`Option '${option}' is missing`)
      const refused = { name: 'ConfigurationError', code, option, message, retryable: false }
      expect(refusal({ [option]: undefined })).toMatchObject(refused)
      const { [option]: _, ...rest } = defaults as Record<string, unknown>
      const options = rest as unknown as TokenProviderOptions
      expect(thrownBy(() => createTokenProvider(options))).toMatchObject(refused)
    },
  )
})

describe('token endpoint', () => {
  const invalid = {
    name: 'ConfigurationError',
    code: 'ERR_INVALID_TOKEN_ENDPOINT',
    message:
      "Option 'tokenEndpoint' must be an absolute https URL without whitespace, user name or fragment.",
    option: 'tokenEndpoint',
  }

  test.each([
    ...['/token', 'as.example/token', 'https://', 'https://as.example/to ken', ''],
    ...['ftp://as.example/token', 'file:///etc/token', 'data:application/json,{}'],
    ...['https://as.example/token#', 'https://as.example/token#part'],
  ])('rejects the token endpoint %j', { tags: ['G2', 'G8'] }, (tokenEndpoint) => {
    expect(refusal({ tokenEndpoint })).toMatchObject(invalid)
  })

  test('rejects http to another host, unless allowInsecureHttp is set', {
    tags: ['G3'],
  }, () => {
    const tokenEndpoint = 'http://as.example/token'
    expect(refusal({ tokenEndpoint })).toMatchObject(insecure)
    expect(refusal({ tokenEndpoint, allowInsecureHttp: false })).toMatchObject(insecure)
    expect(provider({ tokenEndpoint, allowInsecureHttp: true }).tokenEndpoint).toBe(tokenEndpoint)
    expect(refusal({ tokenEndpoint, allowInsecureHttp: 'true' })).toMatchObject(
      configurationError(
        'ERR_INVALID_OPTION',
        'allowInsecureHttp',
        "Option 'allowInsecureHttp' must be true or false.",
      ),
    )
  })

  test.each([
    ...['http://localhost', 'http://127.0.0.1', 'http://[::1]', 'http://LOCALHOST/token'],
    ...['http://localhost/token', 'http://127.0.0.1:8080/token', 'http://[::1]:8080/token'],
  ])('%s needs no flag', { tags: ['G4'] }, (tokenEndpoint) => {
    expect(provider({ tokenEndpoint }).tokenEndpoint).toBe(tokenEndpoint)
  })

  test.each([
    'http://127.0.0.1.evil.test/token',
    'http://localhost.evil.test/token',
    'http://0.0.0.0/token',
    'http://[::ffff:127.0.0.1]/token',
  ])('%s is not loopback', { tags: ['G5'] }, (tokenEndpoint) => {
    expect(refusal({ tokenEndpoint })).toMatchObject(insecure)
  })

  test('a host that parses to 127.0.0.1 is loopback', { tags: ['G5'] }, () => {
    const tokenEndpoint = 'http://2130706433/token'
    expect(provider({ tokenEndpoint }).tokenEndpoint).toBe(tokenEndpoint)
  })

  test.each(['https://user:hunter2@as.example/token', 'https://hunter2@as.example/token'])(
    'rejects a password in the token endpoint and does not repeat it (%#)',
    { tags: ['G7'] },
    (tokenEndpoint) => {
      const error = refusal({ tokenEndpoint })
      expect(error).toMatchObject(invalid)
      expect(`${(error as Error).stack} ${JSON.stringify(error)}`).not.toContain('hunter2')
    },
  )

  test('the query of the token endpoint is kept in the request and in aud', {
    tags: ['G8'],
  }, async () => {
    const server = await tokenServer()
    const tokenEndpoint = `${server.tokenEndpoint}?tenant=a&b=%20`
    await provider({ tokenEndpoint }).getAccessToken()
    expect(server.requests[0]?.url).toBe('/token?tenant=a&b=%20')
    expect(claimsOf(server.requests[0]).aud).toBe(tokenEndpoint)
  })
})

describe('client ID and parameters', () => {
  test.each([
    ['empty', ''],
    ['a number', 7],
    ['null', null],
    ['with a line break', 'client\n1'],
    ['not ASCII', 'clié'],
    ['over 1 kB', 'c'.repeat(1025)],
  ])('a client ID that is %s is refused', { tags: ['G9'] }, (_, clientId) => {
    expect(refusal({ clientId })).toMatchObject(
      configurationError(
        'ERR_INVALID_CLIENT_ID',
        'clientId',
        "Option 'clientId' must be 1 to 1,024 printable ASCII characters, without a space at either end.",
      ),
    )
  })

  test('a client ID with spaces inside is accepted', () => {
    expect(() => provider({ clientId: 'Billing  Service 2' })).not.toThrow()
  })

  test.each([' client', 'client ', ' '])(
    'a client ID with a space at an end (%j) is rejected',
    (clientId) => {
      expect(refusal({ clientId })).toMatchObject({ code: 'ERR_INVALID_CLIENT_ID' })
    },
  )

  test('a client ID of 1 kB is accepted', { tags: ['G9'] }, () => {
    expect(() => provider({ clientId: 'c'.repeat(1024) })).not.toThrow()
  })

  test.each([
    'client_id',
    'grant_type',
    'client_assertion',
    'client_assertion_type',
    'scope',
    'resource',
  ])('parameters may not set %s', { tags: ['G9'] }, (name) => {
    expect(refusal({ parameters: { [name]: 'mine' } })).toMatchObject(
      configurationError(
        'ERR_RESERVED_PARAMETER',
        `parameters.${name}`,
        expect.stringContaining(`Option 'parameters' must not set '${name}'`),
      ),
    )
  })
})

describe('scope and resource', () => {
  test.each([
    ['a quote', 'a"b'],
    ['a backslash', 'a\\b'],
    ['a control character', 'a\tb'],
    ['DEL', 'a\x7fb'],
    ['a letter that is not ASCII', 'é'],
    ['a double space', 'a  b'],
    ['a leading space', ' a'],
    ['a number', 7],
    ['null', null],
    ['an array item with a space', ['a b']],
    ['an empty array item', ['']],
    ['an array item with a quote', ['a', 'b"']],
    ['an array item that is a number', [7]],
  ])(
    'a scope with %s is refused, for the provider and for one call',
    { tags: ['G10'] },
    async (_, scope) => {
      const invalid = {
        name: 'ConfigurationError',
        code: 'ERR_INVALID_SCOPE',
        message: expect.stringContaining("Option 'scope' must be scope tokens"),
        option: 'scope',
      }
      expect(refusal({ scope })).toMatchObject(invalid)
      const call = provider().getAccessToken({ scope: scope as string })
      await expect(call).rejects.toMatchObject(invalid)
    },
  )

  test.each([
    ['b a b', 'b a'],
    [['b', 'a', 'b'], 'b a'],
    ['', null],
    [[], null],
    [undefined, null],
  ])('the scope %j is sent as %j', { tags: ['G10'] }, async (scope, sent) => {
    const { tokenEndpoint, requests } = await tokenServer()
    await provider({ tokenEndpoint, scope }).getAccessToken()
    expect(formOf(requests[0]).getAll('scope')).toEqual(sent === null ? [] : [sent])
  })

  test.each([
    '/accounts',
    'api.example',
    '',
    'https://api.example/#part',
    'https://api.example/#',
    7,
    ['https://api.example', '/x'],
  ])(
    'the resource %j is refused, for the provider and for one call',
    { tags: ['G11'] },
    async (resource) => {
      const invalid = {
        name: 'ConfigurationError',
        code: 'ERR_INVALID_RESOURCE',
        message: expect.stringContaining("Option 'resource' must be an absolute URI"),
        option: 'resource',
      }
      expect(refusal({ resource })).toMatchObject(invalid)
      const call = provider().getAccessToken({ resource: resource as string })
      await expect(call).rejects.toMatchObject(invalid)
    },
  )
})

describe('assertion options', () => {
  test.each(['none', 'HS256', 'RS1', 'ES512', 'EdDSA', 'es256', 'Es256', 'ES256 ', '', null, 7])(
    'the algorithm %j is refused',
    { tags: ['G12'] },
    (alg) => {
      const unsupported = {
        name: 'ConfigurationError',
        code: 'ERR_UNSUPPORTED_ALG',
        message: expect.stringMatching(
          /^Algorithm .* is not supported\. Use ES256, PS256 or RS256\.$/,
        ),
        option: 'alg',
      }
      expect(refusal({ alg })).toMatchObject(unsupported)
      expect(refusal({ alg, key: () => key })).toMatchObject(unsupported)
    },
  )

  test.each(['', 7, null, ['a']])('the kid %j is rejected', (kid) => {
    expect(refusal({ kid })).toMatchObject(
      configurationError(
        'ERR_INVALID_OPTION',
        'kid',
        "Option 'kid' must be a string that is not empty.",
      ),
    )
  })

  test('rejects the algorithm none of a JWK', { tags: ['G12'] }, () => {
    const jwk = { ...privateKey.export({ format: 'jwk' }), alg: 'none' }
    expect(refusal({ key: jwk })).toMatchObject({
      code: 'ERR_UNSUPPORTED_ALG',
      message: "Algorithm 'none' is not supported. Use ES256, PS256 or RS256.",
    })
  })

  test.each([0, -1, 9, Number.NaN, 301, 1.5, '60'])(
    'a lifetime of %j seconds is refused',
    { tags: ['G13'] },
    (lifetimeSeconds) => {
      expect(refusal({ assertion: { lifetimeSeconds } })).toMatchObject(
        configurationError(
          'ERR_INVALID_OPTION',
          'assertion.lifetimeSeconds',
          "Option 'assertion.lifetimeSeconds' must be a whole number from 10 to 300.",
        ),
      )
    },
  )

  test.each([
    [999, 'must be a whole number from 10 to 300.'],
    [1_000, 'is 1000, which looks like milliseconds: it is in seconds, 10 to 300.'],
  ])('of a lifetime of %i it is said that it %s', { tags: ['G13'] }, (lifetimeSeconds, what) => {
    expect(refusal({ assertion: { lifetimeSeconds } })).toMatchObject({
      message: `Option 'assertion.lifetimeSeconds' ${what}`,
    })
  })

  test.each(
    ['claims', 'header'].flatMap((name) =>
      [null, [], 'sub', 7, () => ({})].map((value) => [name, value] as const),
    ),
  )('%s of an assertion that are %o are refused', { tags: ['G1'] }, (name, value) => {
    expect(refusal({ assertion: { [name]: value } })).toMatchObject(
      configurationError(
        'ERR_INVALID_OPTION',
        `assertion.${name}`,
        `Option 'assertion.${name}' must be an object.`,
      ),
    )
  })

  test('a lifetime of 60000 is said to look like milliseconds', { tags: ['G13'] }, () => {
    expect(refusal({ assertion: { lifetimeSeconds: 60_000 } })).toMatchObject(
      configurationError(
        'ERR_INVALID_OPTION',
        'assertion.lifetimeSeconds',
        "Option 'assertion.lifetimeSeconds' is 60000, which looks like milliseconds: it is in seconds, 10 to 300.",
      ),
    )
  })
})

describe('options that look like another unit', () => {
  test.each([
    ['timeout', { timeout: 5 }, 'is 5, which looks like seconds: pass milliseconds, such as 5000'],
    [
      'timeout',
      { timeout: 0.5 },
      'is 0.5, which looks like seconds: pass milliseconds, such as 500',
    ],
    [
      'renewal.early',
      { renewal: { early: 60 } },
      'is 60, which looks like seconds: pass milliseconds, such as 60000',
    ],
  ])('rejects %s of %j with a hint about milliseconds', (option, options, what) => {
    expect(refusal(options)).toMatchObject({
      name: 'ConfigurationError',
      code: 'ERR_INVALID_OPTION',
      message: `Option '${option}' ${what}.`,
      option,
    })
  })

  test.each([{ timeout: 100 }, { renewal: { early: 0 } }, { renewal: { early: 100 } }])(
    'accepts %j',
    (options) => {
      expect(() => provider(options)).not.toThrow()
    },
  )

  test.each([
    [0, 'a number of milliseconds from 1 to 2147483647'],
    [-5, 'a number of milliseconds from 1 to 2147483647'],
    ['5000', 'a number of milliseconds from 1 to 2147483647'],
  ])('rejects a timeout of %j', (timeout, kind) => {
    expect(refusal({ timeout })).toMatchObject({ message: `Option 'timeout' must be ${kind}.` })
  })
})

describe('a URL object', () => {
  test('is accepted as token endpoint, audience and resource', async () => {
    const { tokenEndpoint, requests } = await tokenServer()
    const tokens = provider({
      tokenEndpoint: new URL(tokenEndpoint),
      assertion: { audience: new URL('https://as.example/issuer') },
      resource: [new URL('https://api.example/'), 'urn:api'],
    })
    await tokens.getAccessToken()
    await tokens.getAccessToken({ resource: new URL('https://other.example/x') })
    expect(tokens.tokenEndpoint).toBe(tokenEndpoint)
    expect(claimsOf(requests[0]).aud).toBe('https://as.example/issuer')
    expect(requests.map((request) => formOf(request).getAll('resource'))).toEqual([
      ['https://api.example/', 'urn:api'],
      ['https://other.example/x'],
    ])
  })

  test('rejects a URL that cannot be a token endpoint without quoting its password', () => {
    const error = refusal({ tokenEndpoint: new URL('https://user:hunter2@as.example/token') })
    expect(error).toMatchObject({ code: 'ERR_INVALID_TOKEN_ENDPOINT', option: 'tokenEndpoint' })
    expect(String(error)).not.toContain('hunter2')
  })
})

describe('every option', () => {
  const hostile = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 31, 1e12]
  test.each(
    ['assertion.lifetimeSeconds', 'renewal.early', 'timeout', 'retries'].flatMap((option) =>
      hostile.map((value) => [option, value] as const),
    ),
  )('%s refuses %d', { tags: ['G14'] }, (option, value) => {
    const [outer = '', inner] = option.split('.')
    const options = { [outer]: inner === undefined ? value : { [inner]: value } }
    expect(refusal(options)).toMatchObject({
      name: 'ConfigurationError',
      code: 'ERR_INVALID_OPTION',
      message: expect.stringContaining(`Option '${option}' `),
      option,
    })
  })

  test('a __proto__ member out of JSON sets nothing', { tags: ['G15'] }, () => {
    const parsed = JSON.parse(
      '{"__proto__":{"allowInsecureHttp":true},"tokenEndpoint":"http://as.example/token"}',
    )
    const options = Object.defineProperties(parsed, {
      clientId: { value: 'client-1', enumerable: true },
      key: { value: key, enumerable: true },
    })
    expect(Object.hasOwn(options, '__proto__')).toBe(true)
    expect(thrownBy(() => createTokenProvider(options))).toMatchObject(insecure)
    options.tokenEndpoint = 'https://as.example/token'
    expect(createTokenProvider(options).tokenEndpoint).toBe('https://as.example/token')
  })

  test.each([
    ['redirect', 'follow'],
    ['method', 'PUT'],
    ['headers', { polluted: 'yes' }],
    ['access_token', 'polluted'],
    ['expires_in', 1],
    ['tokenEndpoint', 'https://evil.test/token'],
    ['allowInsecureHttp', true],
    ['forceRenewal', true],
    ['scope', 'polluted'],
  ])('Object.prototype.%s changes nothing', { tags: ['G16'] }, async (name, value) => {
    const { tokenEndpoint, requests } = await tokenServer()
    const { tokenEndpoint: _, ...incomplete } = defaults
    Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true })
    try {
      const missing = thrownBy(() => createTokenProvider(incomplete as TokenProviderOptions))
      expect(missing).toMatchObject({ code: 'ERR_INVALID_TOKEN_ENDPOINT' })
      expect(refusal({ tokenEndpoint: 'http://as.example/token' })).toMatchObject(insecure)
      const token = await provider({ tokenEndpoint }).getAccessToken()
      expect([token.value, token.expiresAt - token.issuedAt]).toEqual(['t', 600_000])
      expect(formOf(requests[0]).get('client_id')).toBe('client-1')
      expect(formOf(requests[0]).has('scope')).toBe(false)
    } finally {
      Reflect.deleteProperty(Object.prototype, name)
    }
  })

  // Node's own sockets read an inherited signal and fail, with us or without: no server here.
  test('an aborted Object.prototype.signal rejects no caller', { tags: ['G16'] }, async () => {
    const sent: unknown[] = []
    const tokens = provider({
      tokenEndpoint: 'https://as.example/token',
      fetch: async (_url: string, init: RequestInit) => {
        sent.push('toString' in init)
        return new Response('{"access_token":"t","token_type":"Bearer","expires_in":600}')
      },
    })
    const signal = { value: AbortSignal.abort(new Error('polluted')), configurable: true }
    Object.defineProperty(Object.prototype, 'signal', signal)
    try {
      expect((await tokens.getAccessToken()).value).toBe('t')
      expect((await tokens.getAccessToken({ scope: 'read' })).value).toBe('t')
    } finally {
      Reflect.deleteProperty(Object.prototype, 'signal')
    }
    expect(sent).toEqual([false, false])
  })

  test('what happens to the options after construction changes nothing', {
    tags: ['G17'],
  }, async () => {
    const { tokenEndpoint, requests } = await tokenServer()
    const options = {
      ...{ clientId: 'client-1', tokenEndpoint, retries: 0 },
      key: { ...privateKey.export({ format: 'jwk' }), kid: 'key-1' },
      scope: ['read'],
      resource: ['https://api.example/'],
      parameters: { tenant: 'one' } as Record<string, string>,
      assertion: {
        ...{ audience: 'one', lifetimeSeconds: 30 },
        claims: { nested: { value: 'one' } },
        header: { x5t: 'one' },
      },
    }
    const tokens = createTokenProvider(options as unknown as TokenProviderOptions)
    options.scope.push('write')
    options.resource.push('https://other.example/')
    options.parameters.tenant = 'two'
    options.parameters.client_id = 'client-2'
    options.assertion.claims.nested.value = 'two'
    options.assertion.header.x5t = 'two'
    Object.assign(options.assertion, { audience: 'two', lifetimeSeconds: 60_000 })
    Object.assign(options.key, { d: 'AAAA', kid: 'key-3' })
    Object.assign(options, {
      clientId: 'client-2',
      tokenEndpoint: 'http://evil.test/',
      kid: 'key-2',
    })
    await tokens.getAccessToken()

    expect(tokens.tokenEndpoint).toBe(tokenEndpoint)
    const form = formOf(requests[0])
    form.delete('client_assertion')
    expect([...form]).toEqual([
      ['grant_type', 'client_credentials'],
      ['client_id', 'client-1'],
      ['client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'],
      ['scope', 'read'],
      ['resource', 'https://api.example/'],
      ['tenant', 'one'],
    ])
    const { iat, exp, ...claims } = claimsOf(requests[0])
    expect(claims).toMatchObject({ iss: 'client-1', aud: 'one', nested: { value: 'one' } })
    expect(Number(exp) - Number(iat)).toBe(30)
    const [header] = String(formOf(requests[0]).get('client_assertion')).split('.')
    expect(JSON.parse(Buffer.from(String(header), 'base64url').toString())).toEqual({
      ...{ alg: 'ES256', kid: 'key-1', typ: 'JWT', x5t: 'one' },
    })
  })

  test('the provider itself is frozen', { tags: ['G17'] }, () => {
    expect(Object.isFrozen(provider())).toBe(true)
  })

  test.each([
    [{ tokenEndPoint: 'https://as.example' }, 'tokenEndPoint', "Did you mean 'tokenEndpoint'?"],
    [
      { assertion: { lifetimeSecond: 60 } },
      'assertion.lifetimeSecond',
      'assertion.lifetimeSeconds',
    ],
    [{ renewal: { earl: 1 } }, 'renewal.earl', "Did you mean 'renewal.early'?"],
    [{ renewal: { earlly: 1 } }, 'renewal.earlly', 'Known options: early, waitUntil.'],
    [{ qqq: 1 }, 'qqq', 'Known options: clientId, tokenEndpoint, key'],
    [{ audience: 'https://as.example' }, 'audience', "Pass 'assertion.audience', or"],
    [{ clientSecret: 'hunter2' }, 'clientSecret', "pass the client's private key as 'key'."],
    [{ privateKey: key }, 'privateKey', "Pass the private key as 'key'."],
    [{ tokenUrl: 'https://as.example' }, 'tokenUrl', "Pass the URL as 'tokenEndpoint'."],
    [{ issuer: 'https://as.example' }, 'issuer', "token endpoint as 'tokenEndpoint'."],
    [{ lifetime: 60 }, 'lifetime', "Pass 'assertion.lifetimeSeconds'."],
  ])('an unknown option is named: %j', { tags: ['G18'] }, (options, option, hint) => {
    const error = refusal(options)
    expect(error).toMatchObject({ name: 'ConfigurationError', code: 'ERR_INVALID_OPTION', option })
    expect((error as Error).message).toContain(`Unknown option '${option}'. `)
    expect((error as Error).message).toContain(hint)
  })
})

interface Recorded {
  readonly url: string | undefined
  readonly body: string
}

function provider(options: Record<string, unknown> = {}) {
  return createTokenProvider({ ...defaults, ...options } as TokenProviderOptions)
}

function refusal(options: Record<string, unknown>): unknown {
  return thrownBy(() => provider(options))
}

function thrownBy(construct: () => unknown): unknown {
  try {
    construct()
  } catch (error) {
    return error
  }
  throw new Error('nothing was refused')
}

async function tokenServer() {
  const requests: Recorded[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    requests.push({ url: request.url, body: Buffer.concat(chunks).toString() })
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ access_token: 't', token_type: 'Bearer', expires_in: 600 }))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { requests, tokenEndpoint: `http://127.0.0.1:${port}/token` }
}

function formOf(request: Recorded | undefined): URLSearchParams {
  return new URLSearchParams(request?.body)
}

function claimsOf(request: Recorded | undefined) {
  return decodeJwt(String(formOf(request).get('client_assertion')))
}
