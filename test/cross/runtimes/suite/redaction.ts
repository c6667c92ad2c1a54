import type { RequestEvent, TokenEvent, TokenProviderOptions } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { rejection, same } from './expectations.ts'
import { registeredProvider, unredirected } from './provider.ts'
import type { Cases, World } from './world.ts'

/** Transports whose answers or errors contain the request. */
const careless: Readonly<Record<string, (form: string) => Promise<Response>>> = {
  'a server that echoes the assertion': async (form) => {
    const error = { error: 'invalid_client', error_description: `no: ${assertionOf(form)}` }
    return Response.json(error, { status: 401 })
  },
  'a fetch that throws with the form in its message': async (form) => {
    throw new TypeError(`cannot send ${form}`, { cause: new Error(form) })
  },
  'a response that is not a token response': async (form) => new Response(form),
}

const afterFailures = Object.entries(careless).map(([transport, answer]) => {
  const run = async (world: World) => {
    let form = ''
    const fetch: TokenProviderOptions['fetch'] = (_, { body }) => {
      form = String(body)
      return answer(form)
    }
    const tokens = await registeredProvider(world, { fetch, retries: 0 })
    const error = await rejection(tokens.getAccessToken())
    same(form.length > 200, true, 'a form was sent')
    hides(printed(error), [form, assertionOf(form)])
  }
  return [`shows no assertion in an error, after ${transport}`, run] as const
})

export const redaction: Cases = {
  async 'has the expected functions that print values'({ traits }) {
    same(Object.keys(inspectors()), traits.inspectors, 'inspectors')
  },
  async 'shows no access token, however it is printed'(world) {
    const token = await (await registeredProvider(world)).getAccessToken()
    hides(printed(token), [token.value])
    hides(printed({ nested: [token] }), [token.value])
    const redacted = Object.values(printed(token)).filter((text) => text.includes('redacted'))
    same(redacted.length > 0, true, 'redaction')
  },
  ...Object.fromEntries(afterFailures),
  async 'shows no token in an event'(world) {
    const events: (TokenEvent | RequestEvent)[] = []
    const onEvent = (event: TokenEvent | RequestEvent) => void events.push(event)
    const tokens = await registeredProvider(world, { onEvent })
    const { value } = await tokens.getAccessToken()
    await world.ask('revokeAll')
    const send = authorizedFetch(tokens, { origins: [world.api], onEvent })
    same((await send(`${world.api}/`, unredirected)).status, 200, 'the status')
    const next = await tokens.getAccessToken()
    same(events.length >= 3, true, 'three events')
    for (const event of events) hides(printed(event), [value, next.value])
  },
}

function assertionOf(form: string): string {
  return new URLSearchParams(form).get('client_assertion') ?? ''
}

/** Expects no text to contain a secret, whole or its last part (of an assertion: the signature). */
function hides(texts: Readonly<Record<string, string>>, secrets: readonly string[]): void {
  for (const [how, text] of Object.entries(texts)) {
    const isShown = secrets.some(
      (secret) => text.includes(secret) || text.includes(secret.slice(-20)),
    )
    same(isShown, false, `a secret in ${how}`)
  }
}

type Inspect = (value: unknown) => string

/** Returns the functions of this runtime that print a value, by name. */
function inspectors(): Readonly<Record<string, Inspect>> {
  const { Bun, Deno } = globalThis as { Bun?: { inspect: Inspect }; Deno?: { inspect: Inspect } }
  const util = globalThis.process?.getBuiltinModule?.('node:util')
  return {
    ...(Bun && { 'Bun.inspect': (value) => Bun.inspect(value) }),
    ...(Deno && { 'Deno.inspect': (value) => Deno.inspect(value) }),
    ...(util && {
      'node:util': (value) => util.inspect(value, { showHidden: true, depth: 10, getters: true }),
    }),
  } as Record<string, Inspect>
}

/** Returns every text that can be made of a value, by how it is made. */
function printed(value: unknown): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {
    'JSON.stringify': JSON.stringify(value) ?? '',
    'JSON of its members': JSON.stringify({ ...(value as object) }),
    String: String(value),
  }
  if (value instanceof Error) {
    const { message, stack, cause } = value
    texts.stack = `${message} ${stack} ${cause} ${(cause as Error | undefined)?.stack}`
  }
  for (const [name, inspect] of Object.entries(inspectors())) texts[name] = inspect(value)
  return texts
}
