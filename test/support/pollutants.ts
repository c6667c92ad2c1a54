/**
 * What hostile JSON, merged carelessly somewhere in a program, leaves on `Object.prototype`: every
 * name that this library, its hosts or the wire ask for.
 */
export function pollutants(evil: string): Record<string, unknown> {
  return {
    // the token provider's options
    ...{ clientId: 'polluted', tokenEndpoint: `${evil}/token`, allowInsecureHttp: true },
    ...{ scope: 'polluted', resource: 'https://polluted.test/', forceRenewal: true },
    ...{ assertion: { audience: 'polluted' }, parameters: { polluted: 'yes' }, kid: 'polluted' },
    ...{ alg: 'RS256', passphrase: 'polluted', signer: {}, store: {}, clock: {}, retries: 'no' },
    ...{ renewal: { early: 'no' }, whole: true, pem: 'polluted', jwk: {}, cryptoKey: {} },
    // a token response, a stored token, a challenge
    ...{ access_token: 'polluted', token_type: 'mac', expires_in: 1 },
    ...{
      value: 'polluted',
      tokenType: 'Bearer',
      issuedAt: 0,
      expiresAt: Date.now() + 6e5,
      scheme: 'Bearer',
    },
    // our errors and calls
    ...{ code: 'CERT_HAS_EXPIRED', syscall: 'polluted', retryable: true, cause: 'polluted' },
    ...{ source: 'polluted', sender: 'polluted', rejection: 'polluted', redirected: true },
    // the adapters' options
    ...{ origins: [evil], onForeignOrigin: 'throw', onEvent: 'polluted', countersign: false },
    ...{ context: { countersign: false }, authorization: 'Bearer polluted' },
    // a request of fetch, ky and axios
    ...{ redirect: 'error', method: 'PUT', body: 'polluted', headers: { polluted: 'yes' } },
    ...{ signal: AbortSignal.abort('polluted'), url: `${evil}/polluted`, baseURL: evil },
    ...{ fetch: 'polluted', adapter: 'polluted', auth: { username: 'a', password: 'b' } },
    ...{ json: { polluted: true }, params: { polluted: 'yes' }, env: { fetch: 'polluted' } },
    ...{ fetchOptions: { method: 'PUT' }, allowAbsoluteUrls: false, maxRedirects: 0 },
    ...{ status: 401, prefix: evil, hooks: {}, socketPath: '/polluted', proxy: { host: 'evil' } },
  }
}

/** Runs with these names on `Object.prototype`, enumerable as an assignment leaves them. */
export async function polluted<T>(
  pollution: Readonly<Record<string, unknown>>,
  work: () => Promise<T>,
): Promise<T> {
  Object.assign(Object.prototype, pollution)
  try {
    return await work()
  } finally {
    for (const name of Object.keys(pollution)) Reflect.deleteProperty(Object.prototype, name)
  }
}
