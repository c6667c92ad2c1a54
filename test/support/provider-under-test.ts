import { generateKeyPairSync } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { inspect } from 'node:util'
import {
  type Clock,
  createTokenProvider,
  type TokenEvent,
  type TokenProviderOptions,
} from '@countersign/core'
import {
  createFaultServer,
  type Fault,
  type FaultRequestRecord,
  type FaultServer,
} from '@countersign/testing'
import { expect, onTestFinished } from 'vitest'

export const goodToken = { access_token: 'token-1', token_type: 'Bearer', expires_in: 600 }

/** In bodies and headers of servers: no error and no event may show it. */
export const secretText = 'secret-text'

/** A server that ends with the test. The last fault is for all requests that follow. */
export async function faultServer(...faults: readonly Fault[]): Promise<FaultServer> {
  const otherwise = faults.at(-1)
  const server = await createFaultServer(otherwise && { otherwise })
  server.next(...faults.slice(0, -1))
  onTestFinished(() => server.close())
  return server
}

/** That message, and after it what the provider had sent. */
export function thenSent(message: string): string {
  const escaped = message.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return expect.stringMatching(
    new RegExp(
      `^${escaped} Sent: alg ES256, kid none, aud http\\S+, lifetime 60 s, thumbprint [\\w-]{43}, client id client-1\\.$`,
    ),
  )
}

const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

/** A provider for that endpoint, with the events that it gave. */
export function providerFor(tokenEndpoint: string, options: Partial<TokenProviderOptions> = {}) {
  const events: TokenEvent[] = []
  const tokens = createTokenProvider({
    clientId: 'client-1',
    tokenEndpoint,
    key,
    onEvent: (event) => events.push(event),
    ...options,
  })
  return { tokens, events }
}

/** What a provider's first caller gets where the server has these faults. Nothing secret shows. */
export async function failureAt(...faults: readonly Fault[]) {
  const server = await faultServer(...faults)
  const clock = standingClock()
  const { tokens, events } = providerFor(server.tokenEndpoint, { clock })
  const error = await rejection(tokens.getAccessToken())
  expectNoSecret(server, error, events)
  return { server, clock, tokens, events, error, jtis: server.requests.map(jtiOf) }
}

/** Neither the server's texts nor the assertions that it was sent show, however one looks. */
export function expectNoSecret(server: FaultServer, ...shown: readonly unknown[]): void {
  const text = shown
    .flatMap((value) => [
      inspect(value, { depth: 10, showHidden: true, getters: true }),
      JSON.stringify(value),
      String((value as Error).stack),
    ])
    .join()
  expect(text).not.toContain(secretText)
  for (const request of server.requests) {
    const [header = '', payload = '', signature = ''] = assertionOf(request).split('.')
    for (const part of [payload, signature]) if (part) expect(text).not.toContain(part)
    if (header) expect(text).not.toContain(`${header}.`)
  }
}

export const startOfTime = Date.UTC(2026, 0, 1)

/** How often a token request in flight looks whether the process stood still. */
const freezeTick = 900

/** A clock that stands still; pauses between attempts end at once, time limits (5 s and up) never. */
export function standingClock(): Clock & {
  readonly pauses: readonly number[]
  /** Moves the monotonic clock alone: a hold-off ends on either. */
  endHoldOff(): void
} {
  const pauses: number[] = []
  let monotonic = 0
  return {
    pauses,
    now: () => startOfTime,
    monotonic: () => monotonic,
    endHoldOff: () => {
      monotonic += 30_000
    },
    wait: (ms, signal) => {
      if (ms < 5_000 && ms !== freezeTick) {
        pauses.push(ms)
        return Promise.resolve()
      }
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      })
    },
  }
}

/** Lets I/O go on until it has come to that. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await setImmediate()
}

/** What the promise rejects with. */
export function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => Promise.reject(new Error('expected a rejection')),
    (error: unknown) => error,
  )
}

/** Head and body of a request as it came over the wire. */
export function wireOf({ bytes }: FaultRequestRecord): { head: string; body: string } {
  const [head = '', body = ''] = Buffer.from(bytes).toString('latin1').split('\r\n\r\n')
  return { head, body }
}

export function jtiOf(request: FaultRequestRecord): unknown {
  const [, payload = ''] = assertionOf(request).split('.')
  return JSON.parse(Buffer.from(payload, 'base64url').toString()).jti
}

function assertionOf(request: FaultRequestRecord): string {
  return new URLSearchParams(wireOf(request).body).get('client_assertion') ?? ''
}
