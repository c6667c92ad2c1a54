import type { TokenSource } from '@countersign/core'
import {
  createAuthorizer,
  createFetchAuthorizer,
  createOriginRule,
  discardBody,
  type FetchCall,
  type HttpClient,
  isReplayableBody,
  readBaseOrigin,
  requireSafeRedirects,
} from '@countersign/core/adapter'

declare const tokens: TokenSource

interface Message {
  url: string
  method: string
}
interface Reply {
  status: number
  headers: Map<string, string>
}

/** A host of one's own, by its two nouns. */
const host: HttpClient<Message, Reply> = {
  url: ({ url }) => url,
  method: ({ method }) => method,
  authorization: () => undefined,
  hasAuthorization: () => false,
  isReplayable: () => true,
  wait: (_, token) => token,
  send: async (_, headers) => ({ status: 200, headers: new Map(Object.entries(headers)) }),
  status: ({ status }) => status,
  challenge: ({ headers }) => headers.get('www-authenticate'),
  responseUrl: () => undefined,
  isRedirected: () => false,
  discard: ({ headers }) => headers.clear(),
}
const origins = ['https://api.example.com']
const send: (request: Message) => Promise<Reply> = createAuthorizer(tokens, host, { origins })
await send({ url: 'https://api.example.com/x', method: 'GET' })
const call: FetchCall = { fetch: globalThis.fetch, authorization: undefined }
const authorize = createFetchAuthorizer(tokens, { origins })
export const response: Promise<Response> = authorize('https://api.example.com/x', {}, call)
export const mayHave: boolean = createOriginRule(origins)('https://api.example.com/x')
export const base: string = readBaseOrigin('https://api.example.com/v1')
export const again: boolean = isReplayableBody('text')
requireSafeRedirects('manual')
discardBody(undefined)

const { send: _, ...mute } = host
// @ts-expect-error 2379: a host that cannot send
createAuthorizer(tokens, mute, { origins })
// @ts-expect-error 2345: nothing names an origin
createAuthorizer(tokens, host, {})
// @ts-expect-error 2353: a request of another host
send({ href: 'https://api.example.com/x' })
// @ts-expect-error 2345: a list
createOriginRule('https://api.example.com')
