import type {
  AccessToken,
  AuthorizationOptions,
  RequestAuthorization,
  RequestEvent,
  TokenSource,
} from '@countersign/core'
import { createAuthorizer, type HttpClient } from '@countersign/core/adapter'
import { expect } from 'vitest'
import { createAccessToken } from '#core/access-token.js'

export interface Call {
  readonly url?: string | undefined
  readonly method?: string
  readonly asked?: RequestAuthorization | false
  readonly ownAuthorization?: boolean
  readonly isReplayable?: () => boolean | Promise<boolean>
  readonly wait?: HttpClient<Call, Answer>['wait']
  readonly answers?: readonly Answer[]
}

export interface Answer {
  readonly status: number
  readonly challenge?: string
  readonly responseUrl?: string
  readonly redirected?: boolean
}

export const url = 'https://api.example/x'
export const ok: Answer = { status: 200 }
export const refused: Answer = { status: 401, challenge: 'Bearer error="invalid_token"' }

export function token(value: string): AccessToken {
  return createAccessToken({ value, tokenType: 'Bearer', issuedAt: 0, expiresAt: 1 })
}

/** The exchange on a host that answers as told, with tokens that are at hand one after another. */
export function exchange(
  options: Partial<AuthorizationOptions> = {},
  source: Partial<TokenSource> = {},
) {
  const seen = {
    sent: [] as (string | undefined)[],
    discarded: [] as Answer[],
    waits: 0,
    invalidated: [] as string[],
    events: [] as RequestEvent[],
    asked: [] as unknown[],
  }
  const answers = new Map<Call, Answer[]>()
  const host: HttpClient<Call, Answer, Response> = {
    url: (call) => ('url' in call ? call.url : url),
    method: ({ method = 'GET' }) => method,
    authorization: ({ asked }) => asked,
    hasAuthorization: ({ ownAuthorization = false }) => ownAuthorization,
    isReplayable: ({ isReplayable = () => true }) => isReplayable(),
    wait: (call, promise) => {
      seen.waits += 1
      return call.wait === undefined ? promise : call.wait(call, promise)
    },
    send: async (call, { authorization }) => {
      seen.sent.push(authorization)
      const left = answers.get(call) ?? [...(call.answers ?? [ok])]
      answers.set(call, left)
      return left.shift() ?? expect.unreachable('sent too often')
    },
    status: ({ status }) => status,
    challenge: ({ challenge }) => challenge,
    responseUrl: ({ responseUrl }) => responseUrl,
    isRedirected: ({ redirected }) => redirected,
    discard: (answer) => void seen.discarded.push(answer),
  }
  let current = token('t1')
  const tokens: TokenSource = {
    currentAccessToken: (asked) => {
      seen.asked.push(asked)
      return current
    },
    getAccessToken: async (asked) => {
      seen.asked.push(asked)
      return current
    },
    invalidate: ({ value }) => {
      seen.invalidated.push(value)
      if (value === current.value) current = token(`t${Number(value.slice(1)) + 1}`)
    },
    ...source,
  }
  const onEvent = (event: RequestEvent) => void seen.events.push(event)
  const authorize = createAuthorizer(tokens, host, {
    ...{ origins: ['https://api.example'], onEvent },
    ...options,
  })
  return { authorize, seen, host, tokens }
}
