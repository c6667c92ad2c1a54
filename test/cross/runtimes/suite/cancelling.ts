import { rejection, same } from './expectations.ts'
import { type Host, hosts, registeredProvider, unredirected } from './provider.ts'
import type { Cases } from './world.ts'

export const cancelling: Cases = {
  async 'rejects for a caller who aborts with its reason, and resolves for the others'(world) {
    const tokens = await registeredProvider(world)
    const caller = new AbortController()
    const reason = new Error('no longer wanted')
    await world.ask('hold')
    const leaving = rejection(tokens.getAccessToken({ signal: caller.signal }))
    const staying = tokens.getAccessToken()
    await world.ask('arrived', 1)
    caller.abort(reason)
    same((await leaving) === reason, true, 'the same reason')
    await world.ask('release')
    same((await staying).tokenType, 'Bearer', 'the token of the other caller')
    same((await world.ask('seen')).tokenRequests.length, 1, 'token requests')
  },
  async 'continues a token request whose only caller has aborted'(world) {
    const tokens = await registeredProvider(world)
    const caller = new AbortController()
    await world.ask('hold')
    const leaving = rejection(tokens.getAccessToken({ signal: caller.signal }))
    await world.ask('arrived', 1)
    caller.abort()
    await leaving
    const next = tokens.getAccessToken()
    await world.ask('release')
    await next
    same((await world.ask('seen')).tokenRequests.length, 1, 'token requests')
  },
  ...Object.assign({}, ...hosts.map(cancellingThrough)),
}

function cancellingThrough({ name, create }: Host): Cases {
  return {
    async [`${name}: rejects with the reason of an abort while it waits, and sends nothing`](
      world,
    ) {
      const send = create(await registeredProvider(world), world)
      const caller = new AbortController()
      const { signal } = caller
      const reason = new Error('no longer wanted')
      await world.ask('hold')
      const left = rejection(send(`${world.api}/`, { signal, ...unredirected }))
      await world.ask('arrived', 1)
      caller.abort(reason)
      same((await left) === reason, true, 'the same reason')
      await world.ask('release')
      same((await send(`${world.api}/next`, unredirected)).status, 200, 'the next status')
      const { api, tokenRequests } = await world.ask('seen')
      same([api.map(({ url }) => url), tokenRequests.length], [['/next'], 1], 'requests')
    },
  }
}
