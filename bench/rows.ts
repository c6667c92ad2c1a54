/** What warm.ts measures: each request with each library, and what ours may cost of the floor. */
export type Library = 'fetch' | 'axios' | 'ky'
export type Way = 'floor' | 'ours'

export interface Row {
  readonly method: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** An absolute URL on an instance without a base URL, which only axios tells apart. */
  readonly isAbsolute?: true
}

export const requests = {
  GET: { method: 'GET' },
  'GET, headers': {
    method: 'GET',
    headers: { accept: 'application/json', 'x-request-id': '42' },
  },
  'GET, absolute URL': { method: 'GET', isAbsolute: true },
  'POST, string': {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"amount":100,"currency":"EUR"}',
  },
} satisfies Record<string, Row>

export function isKnownRequest(name: string): name is keyof typeof requests {
  return name in requests
}

export const most: Record<Library, { readonly bare: number; readonly withBody: number }> = {
  fetch: { bare: 1.1, withBody: 1.1 },
  ky: { bare: 1.1, withBody: 1.25 },
  axios: { bare: 1.15, withBody: 1.25 },
}
