import type { KeyObject } from 'node:crypto'
import { inspect } from 'node:util'
import type { TokenFetch } from '@countersign/core'

/** The secrets of one run, and the search for them in all that may be printed of a value. */
export interface LeakSearch {
  add(...secrets: readonly string[]): void
  /** Adds the parts of a client assertion by their beginnings, for it may be cut. */
  addAssertion(assertion: string): void
  readonly size: number
  /** The forms of a value in which a secret shows. */
  leaks(value: unknown): string[]
  isIn(text: string): boolean
}

export function leakSearch(...keys: readonly KeyObject[]): LeakSearch {
  const secrets = new Set<string>()
  const add = (...more: readonly string[]) => {
    for (const secret of more) if (secret !== '') secrets.add(secret)
  }
  for (const key of keys) add(...secretsOf(key))
  const isIn = (text: string) => [...secrets].some((secret) => text.includes(secret))
  return {
    add,
    addAssertion: (assertion) => {
      const [header = '', claims = '', signature = ''] = assertion.split('.')
      add(header, ...[claims, signature].map((part) => part.slice(0, 40)))
    },
    get size() {
      return secrets.size
    },
    leaks: (value) => [...shownAs(value)].filter(([, text]) => isIn(text)).map(([form]) => form),
    isIn,
  }
}

/** Every line of a private key's PEM, and the private member of its JWK. */
export function secretsOf(key: KeyObject): string[] {
  const pem = String(key.export({ type: 'pkcs8', format: 'pem' }))
  const lines = pem.split('\n').filter((line) => line !== '' && !line.startsWith('-----'))
  return [...lines, String(key.export({ format: 'jwk' }).d)]
}

/** The platform's fetch; the assertions that it sends and the tokens that it gets are searched for. */
export function watchedFetch(search: LeakSearch): TokenFetch {
  return async (url, init) => {
    const form = new URLSearchParams(String(init.body))
    search.addAssertion(form.get('client_assertion') ?? '')
    const response = await fetch(url, init)
    if (!response.ok || response.body === null) return response
    const { status, headers } = response
    const decoder = new TextDecoder()
    const noting = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        search.add(/"access_token":"([^"]+)"/.exec(decoder.decode(chunk))?.[1] ?? '')
        controller.enqueue(chunk)
      },
    })
    return new Response(response.body.pipeThrough(noting), { status, headers })
  }
}

/** What a logger or an error tracker may make of a value, by form. */
export function shownAs(value: unknown): Map<string, string> {
  const forms: [string, () => unknown][] = [
    ['String', () => String(value)],
    ['stack', () => (value as Error).stack],
    ['JSON', () => JSON.stringify(value)],
    ['inspect', () => inspect(value)],
    ['inspect, all of it', () => allOf(value)],
    ['structuredClone', () => allOf(structuredClone(value))],
    ['spread', () => allOf({ ...(value as object) })],
    ['cause', () => allOf((value as Error).cause)],
    ['cause, as text', () => textOf((value as Error).cause)],
    ['as a cause', () => allOf(new Error('outer', { cause: value }))],
    ['AggregateError', () => allOf(new AggregateError([value]))],
  ]
  return new Map(forms.map(([form, show]) => [form, attempt(show)]))
}

function textOf(error: unknown): string {
  return `${error} ${(error as Error).stack} ${JSON.stringify(error)}`
}

function allOf(value: unknown): string {
  return inspect(value, { depth: 10, showHidden: true, getters: true, maxStringLength: null })
}

/** What cannot be made shows nothing; its refusal is searched as well. */
function attempt(show: () => unknown): string {
  try {
    return String(show())
  } catch (error) {
    return String(error)
  }
}
