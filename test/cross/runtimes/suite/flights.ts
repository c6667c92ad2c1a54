import type { Case } from './case.ts'
import { codeOf, rejection, same } from './expectations.ts'
import { hosts, unredirected } from './hosts.ts'
import { registeredProvider } from './provider.ts'

const hundred = Array.from({ length: 100 })

export const flights: readonly Case[] = [
  {
    name: 'makes one token request for a hundred callers',
    run: async (world) => {
      const tokens = await registeredProvider(world)
      await world.ask('hold')
      const calls = hundred.map(() => tokens.getAccessToken())
      await world.ask('arrived', { count: 1 })
      await world.ask('release')
      const values = new Set((await Promise.all(calls)).map(({ value }) => value))
      same([values.size, (await world.seen()).tokenRequests.length], [1, 1], 'tokens and requests')
    },
  },
  {
    name: 'makes one token request for fetch and ky together',
    run: async (world) => {
      const tokens = await registeredProvider(world)
      const senders = hosts.map((host) => host.send(tokens, world))
      const sent = senders.flatMap((send) =>
        Array.from({ length: 10 }, (_, index) => send(`${world.api}/${index}`, unredirected)),
      )
      const statuses = (await Promise.all(sent)).map(({ status }) => status)
      same(new Set(statuses).size === 1 && statuses[0], 200, 'the status')
      const { tokenRequests, api } = await world.seen()
      const { authorization } = await tokens.getAccessToken()
      same(tokenRequests.length, 1, 'token requests')
      same([...new Set(api.map((request) => request.authorization))], [authorization], 'headers')
      same(api.length, 20, 'requests to the API')
    },
  },
  {
    name: 'gives each caller of a failed flight an error of its own that says the same',
    run: async (world) => {
      const tokens = await registeredProvider(world)
      const refusal = { status: 400, body: { error: 'invalid_scope' } }
      await world.ask('next', { server: 'authorizationServer', answers: [refusal] })
      const errors = await Promise.all(
        [1, 2, 3].map(() => rejection(tokens.getAccessToken(), 'a caller')),
      )
      same(new Set(errors).size, 3, 'error objects')
      same([...new Set(errors.map(codeOf))], ['ERR_OAUTH'], 'the errors')
      same((await world.seen()).tokenRequests.length, 1, 'token requests')
    },
  },
  {
    name: 'names a connection that breaks',
    run: async (world) => {
      const tokens = await registeredProvider(world, { retries: 0 })
      const broken = Array.from({ length: 5 }, () => ({ drop: 'before-headers' }) as const)
      await world.ask('next', { server: 'authorizationServer', answers: broken })
      const error = await rejection(tokens.getAccessToken(), 'the call')
      same(codeOf(error), 'ERR_TOKEN_NETWORK', 'the error')
    },
  },
  {
    name: 'gives up a token endpoint that does not answer',
    clock: 'wall',
    run: async (world) => {
      const tokens = await registeredProvider(world, { timeout: 200 })
      await world.ask('hold')
      const error = await rejection(tokens.getAccessToken(), 'the call')
      same(codeOf(error), 'ERR_TOKEN_TIMEOUT', 'the error')
    },
  },
]
