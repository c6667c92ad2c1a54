import type { AddressInfo } from 'node:net'
import {
  createServer,
  getCACertificates,
  setDefaultCACertificates,
  type TLSSocket,
  type TlsOptions,
} from 'node:tls'
import type { TokenProviderOptions } from '@countersign/core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createCertificateAuthority, selfSigned } from '../../support/certificates.ts'
import {
  faultServer,
  goodToken,
  providerFor,
  rejection,
  requestFailed,
  standingClock,
} from '../../support/provider-under-test.ts'
import { nodeFetch } from './node-fetch.ts'

const authority = await createCertificateAuthority('Trusted here')
const trusted = getCACertificates('default')

beforeAll(() => setDefaultCACertificates([...trusted, authority.cert]))
afterAll(() => setDefaultCACertificates(trusted))

/** A token endpoint behind real TLS, and how far what comes to it gets. */
async function tlsServer(options: TlsOptions) {
  const seen = { connections: 0, requests: 0, clients: [] as unknown[] }
  const sockets = new Set<TLSSocket>()
  const body = JSON.stringify(goodToken)
  const server = createServer(options, (socket) => {
    sockets.add(socket)
    seen.clients.push(socket.getPeerCertificate().subject?.CN)
    socket.on('error', () => {})
    socket.once('data', () => {
      seen.requests += 1
      socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
    })
  })
  server.on('connection', () => {
    seen.connections += 1
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return { tokenEndpoint: `https://${host}/token`, host, seen }
}

async function failureOver(tokenEndpoint: string, options: Partial<TokenProviderOptions> = {}) {
  const { tokens } = providerFor(tokenEndpoint, { clock: standingClock(), ...options })
  return rejection(tokens.getAccessToken())
}

const noTls = (code: string) => ({
  name: 'TokenTransportError',
  code: 'ERR_TOKEN_TLS',
  message: requestFailed(
    `${code}: no TLS connection, or its certificate is not trusted. Check the certificate and the URL; set a company CA with NODE_EXTRA_CA_CERTS or \`fetch\`.`,
  ),
  cause: { code },
  attempts: 1,
  retryable: false,
})

test('a certificate of an authority that Node trusts is accepted', { tags: ['E10'] }, async () => {
  const server = await tlsServer(await authority.issue())
  const { tokens } = providerFor(server.tokenEndpoint, { clock: standingClock() })
  expect((await tokens.getAccessToken()).value).toBe('token-1')
})

const other = await createCertificateAuthority('Known to nobody')

test.each<[what: string, options: () => Promise<TlsOptions>, code: string]>([
  ['a self-signed certificate', () => selfSigned(), 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ['an unknown authority', () => other.issue(), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  [
    'an unknown authority that is sent along',
    async () => {
      const { cert, key } = await other.issue()
      return { cert: cert + other.cert, key }
    },
    'SELF_SIGNED_CERT_IN_CHAIN',
  ],
  ['an expired certificate', () => authority.issue({ daysLeft: -1 }), 'CERT_HAS_EXPIRED'],
  [
    'a certificate of another host',
    () => authority.issue({ hosts: [{ type: 'dns', value: 'login.example.com' }] }),
    'ERR_TLS_CERT_ALTNAME_INVALID',
  ],
  [
    'a certificate that is not for servers',
    () => authority.issue({ usage: 'client' }),
    'INVALID_PURPOSE',
  ],
  [
    'TLS 1.0 and nothing newer',
    async () => ({
      ...(await authority.issue()),
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    }),
    'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
  ],
])('%s is a TLS error, and final; nothing is sent', { tags: ['E10'] }, async (_, options, code) => {
  const server = await tlsServer(await options())
  expect(await failureOver(server.tokenEndpoint)).toMatchObject(noTls(code))
  expect(server.seen).toMatchObject({ connections: 1, requests: 0 })
})

test('allowInsecureHttp does not make a bad certificate good', { tags: ['E10'] }, async () => {
  const server = await tlsServer(await selfSigned())
  const error = await failureOver(server.tokenEndpoint, { allowInsecureHttp: true })
  expect(error).toMatchObject(noTls('DEPTH_ZERO_SELF_SIGNED_CERT'))
  expect(server.seen.requests).toBe(0)
})

test.each(['rejectUnauthorized', 'agent', 'tls', 'insecure', 'allowInsecureTls'])(
  'there is no option %s to trust anybody',
  { tags: ['E10'] },
  (name) => {
    const options = { [name]: false } as Partial<TokenProviderOptions>
    expect(() => providerFor('https://login.example.com/token', options)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION', option: name }),
    )
  },
)

test('https to a plain port is a TLS error, and final; no assertion is sent', {
  tags: ['E11'],
}, async () => {
  const server = await faultServer({
    type: 'raw',
    bytes: 'HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n',
  })
  const error = await failureOver(server.tokenEndpoint.replace('http:', 'https:'))
  expect(error).toMatchObject(noTls('ERR_SSL_WRONG_VERSION_NUMBER'))
  expect(server.connections).toHaveLength(1)
  expect(Buffer.from(server.requests[0]?.bytes ?? []).toString()).not.toContain('client_assertion')
})

test('http to a TLS port is a network error after three connections', {
  tags: ['E11'],
}, async () => {
  const server = await tlsServer(await authority.issue())
  expect(await failureOver(`http://${server.host}/token`)).toMatchObject({
    name: 'TokenTransportError',
    code: 'ERR_TOKEN_NETWORK',
    message: requestFailed(
      'UND_ERR_SOCKET: the host could not be reached, or the connection broke. Check host, port and proxy.',
    ),
    cause: { code: 'UND_ERR_SOCKET' },
    attempts: 3,
    retryable: true,
  })
  expect(server.seen).toMatchObject({ connections: 3, requests: 0 })
})

test('a client certificate goes with the fetch of the user', { tags: ['E21'] }, async () => {
  const server = await tlsServer({
    ...(await authority.issue()),
    ca: authority.cert,
    requestCert: true,
    rejectUnauthorized: true,
  })
  const own = await authority.issue({ name: 'client-1', usage: 'client' })
  const { tokens } = providerFor(server.tokenEndpoint, {
    clock: standingClock(),
    fetch: nodeFetch(() => ({ ...own, ca: authority.cert })),
  })
  expect((await tokens.getAccessToken()).value).toBe('token-1')
  expect(server.seen).toMatchObject({ requests: 1, clients: ['client-1'] })
})

/** The class of Node's own dispatchers; programs take it from the package undici. */
async function builtInAgent(): Promise<new (options: object) => object> {
  await fetch('data:,') // sets the global dispatcher
  // Under the older name newer versions keep one for older ones of the package.
  const [dispatcher] = [2, 1].flatMap((version) => {
    const kept = Reflect.get(globalThis, Symbol.for(`undici.globalDispatcher.${version}`))
    return kept === undefined ? [] : [kept]
  })
  return dispatcher?.constructor as new (
    options: object,
  ) => object
}

test('a dispatcher of the user is used by the built-in fetch', { tags: ['E21'] }, async () => {
  const server = await tlsServer({ ...(await other.issue()), ca: other.cert, requestCert: true })
  const own = await other.issue({ name: 'client-1', usage: 'client' })
  const Agent = await builtInAgent()
  const dispatcher = new Agent({ connect: { ...own, ca: other.cert } })
  const { tokens } = providerFor(server.tokenEndpoint, {
    clock: standingClock(),
    fetch: (url, init) => fetch(url, { ...init, dispatcher } as RequestInit),
  })
  expect((await tokens.getAccessToken()).value).toBe('token-1')
  expect(server.seen.clients).toEqual(['client-1'])
})

test('errors of a fetch on node:https are understood as those of the built-in one', {
  tags: ['E21'],
}, async () => {
  const server = await tlsServer(await selfSigned())
  const error = await failureOver(server.tokenEndpoint, { fetch: nodeFetch(() => ({})) })
  expect(error).toMatchObject(noTls('DEPTH_ZERO_SELF_SIGNED_CERT'))
})
