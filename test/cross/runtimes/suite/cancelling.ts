import type { Case } from './case.ts'
import { rejection, same } from './expectations.ts'
import { hosts, unredirected } from './hosts.ts'
import { registeredProvider } from './provider.ts'

export const cancelling: readonly Case[] = [
  {
    name: 'gives a caller who aborts its own reason, and the others the token',
    run: async (world) => {
      const tokens = await registeredProvider(world)
      const caller = new AbortController()
      const reason = new Error('no longer wanted')
      await world.ask('hold')
      const leaving = rejection(tokens.getAccessToken({ signal: caller.signal }), 'who aborts')
      const staying = tokens.getAccessToken()
      await world.ask('arrived', { count: 1 })
      caller.abort(reason)
      same((await leaving) === reason, true, 'the very reason')
      await world.ask('release')
      same((await staying).tokenType, 'Bearer', 'the token of who stays')
      same((await world.seen()).tokenRequests.length, 1, 'token requests')
    },
  },
  {
    name: 'goes on with a flight whose only caller has aborted',
    run: async (world) => {
      const tokens = await registeredProvider(world)
      const caller = new AbortController()
      await world.ask('hold')
      const leaving = rejection(tokens.getAccessToken({ signal: caller.signal }), 'who aborts')
      await world.ask('arrived', { count: 1 })
      caller.abort()
      await leaving
      const next = tokens.getAccessToken()
      await world.ask('release')
      await next
      same((await world.seen()).tokenRequests.length, 1, 'token requests')
    },
  },
  ...hosts.map(
    (host): Case => ({
      name: `${host.name}: rejects with the reason of an abort while it waits, and sends nothing`,
      run: async (world) => {
        const send = host.send(await registeredProvider(world), world)
        const caller = new AbortController()
        const { signal } = caller
        const reason = new Error('no longer wanted')
        await world.ask('hold')
        const left = rejection(send(`${world.api}/`, { signal, ...unredirected }), 'the request')
        await world.ask('arrived', { count: 1 })
        caller.abort(reason)
        same((await left) === reason, true, 'the very reason')
        await world.ask('release')
        same((await send(`${world.api}/next`, unredirected)).status, 200, 'the next status')
        const { api, tokenRequests } = await world.seen()
        same([api.map(({ url }) => url), tokenRequests.length], [['/next'], 1], 'requests')
      },
    }),
  ),
]
