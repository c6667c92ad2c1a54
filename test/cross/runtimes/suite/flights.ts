import { isError, rejection, same } from './expectations.ts'
import { hosts, registeredProvider, unredirected } from './provider.ts'
import type { Cases } from './world.ts'

export const flights: Cases = {
  async 'makes one token request for a hundred callers'(world) {
    const tokens = await registeredProvider(world)
    await world.ask('hold')
    const calls = Array.from({ length: 100 }, () => tokens.getAccessToken())
    await world.ask('arrived', 1)
    await world.ask('release')
    const values = new Set((await Promise.all(calls)).map(({ value }) => value))
    const { tokenRequests } = await world.ask('seen')
    same([values.size, tokenRequests.length], [1, 1], 'tokens and requests')
  },
  async 'makes one token request for fetch and ky together'(world) {
    const tokens = await registeredProvider(world)
    const senders = hosts.map((host) => host.create(tokens, world))
    const sent = senders.flatMap((send) =>
      Array.from({ length: 10 }, (_, index) => send(`${world.api}/${index}`, unredirected)),
    )
    const statuses = (await Promise.all(sent)).map(({ status }) => status)
    same([...new Set(statuses)], [200], 'statuses')
    const { tokenRequests, api } = await world.ask('seen')
    const { authorization } = await tokens.getAccessToken()
    same([tokenRequests.length, api.length], [1, 20], 'requests')
    same([...new Set(api.map((request) => request.authorization))], [authorization], 'headers')
  },
  async 'rejects for each caller of a failed token request with an error of its own'(world) {
    const tokens = await registeredProvider(world)
    await world.ask('next', 'authorizationServer', {
      status: 400,
      body: { error: 'invalid_scope' },
    })
    const errors = await Promise.all([1, 2, 3].map(() => rejection(tokens.getAccessToken())))
    same(new Set(errors).size, 3, 'error objects')
    for (const error of errors) isError(error, 'ERR_OAUTH')
    same((await world.ask('seen')).tokenRequests.length, 1, 'token requests')
  },
  async 'names a connection that breaks'(world) {
    const tokens = await registeredProvider(world, { retries: 0 })
    const broken = Array.from({ length: 5 }, () => ({ drop: 'before-headers' }) as const)
    await world.ask('next', 'authorizationServer', ...broken)
    isError(await rejection(tokens.getAccessToken()), 'ERR_TOKEN_NETWORK')
  },
  async 'gives up a token endpoint that does not answer'(world) {
    const tokens = await registeredProvider(world, { timeout: 200 })
    await world.ask('hold')
    isError(await rejection(tokens.getAccessToken()), 'ERR_TOKEN_TIMEOUT')
  },
}
