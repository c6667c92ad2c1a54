import type { RequestEvent, TokenEvent, TokenProviderOptions } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import type { Case } from './case.ts'
import { holds, rejection, same } from './expectations.ts'
import { unredirected } from './hosts.ts'
import { inspectors, printed } from './inspection.ts'
import { registeredProvider } from './provider.ts'
import type { World } from './world.ts'

/** Transports that give away what they were asked to send. */
const careless: Readonly<Record<string, (form: string) => Promise<Response>>> = {
  'a server that echoes the assertion': async (form) =>
    Response.json(
      { error: 'invalid_client', error_description: `no: ${assertionOf(form)}` },
      { status: 401 },
    ),
  'a fetch that throws with the form in its message': async (form) => {
    throw new TypeError(`cannot send ${form}`, { cause: new Error(form) })
  },
  'a response that is no token response': async (form) => new Response(form),
}

export const redaction: readonly Case[] = [
  {
    name: 'has what prints values in this runtime, for the cases below',
    run: async ({ traits }) => same(Object.keys(inspectors()), traits.inspectors, 'inspectors'),
  },
  {
    name: 'shows no access token, however it is printed',
    run: async (world) => {
      const token = await (await registeredProvider(world)).getAccessToken()
      hides(printed(token), [token.value])
      hides(printed({ nested: [token] }), [token.value])
      same(
        Object.values(printed(token)).filter((text) => text.includes('redacted')).length > 0,
        true,
        'redaction',
      )
    },
  },
  ...Object.entries(careless).map(
    ([what, answer]): Case => ({
      name: `shows no assertion in an error, after ${what}`,
      run: async (world) => {
        const { error, form } = await failed(world, answer)
        holds(form.length > 200, 'no form was sent')
        hides(printed(error), [form, assertionOf(form)])
      },
    }),
  ),
  {
    name: 'shows no token in an event or in an error of a request',
    run: async (world) => {
      const events: (TokenEvent | RequestEvent)[] = []
      const onEvent = (event: TokenEvent | RequestEvent) => void events.push(event)
      const tokens = await registeredProvider(world, { onEvent })
      const { value } = await tokens.getAccessToken()
      await world.ask('revokeAll')
      const send = authorizedFetch(tokens, { origins: [world.api], onEvent })
      same((await send(`${world.api}/`, unredirected)).status, 200, 'the status')
      const next = await tokens.getAccessToken()
      holds(events.length >= 3, `only ${events.length} events`)
      for (const event of events) hides(printed(event), [value, next.value])
    },
  },
]

async function failed(
  world: World,
  answer: (form: string) => Promise<Response>,
): Promise<{ error: unknown; form: string }> {
  let form = ''
  const fetch: TokenProviderOptions['fetch'] = (_, { body }) => {
    form = String(body)
    return answer(form)
  }
  const tokens = await registeredProvider(world, { fetch, retries: 0 })
  return { error: await rejection(tokens.getAccessToken(), 'the call'), form }
}

function assertionOf(form: string): string {
  return new URLSearchParams(form).get('client_assertion') ?? ''
}

/** In no text, whole or the last part of it (of an assertion: the signature). */
function hides(texts: Readonly<Record<string, string>>, secrets: readonly string[]): void {
  for (const [how, text] of Object.entries(texts)) {
    for (const secret of secrets) {
      holds(!text.includes(secret) && !text.includes(secret.slice(-20)), `${how} shows a secret`)
    }
  }
}
