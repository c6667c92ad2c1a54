import type { Case } from './case.ts'
import { codeOf, holds, messageOf, rejection, same } from './expectations.ts'
import { hosts, type Send, unredirected } from './hosts.ts'
import { registeredProvider } from './provider.ts'
import type { World } from './world.ts'

const flag = 'strip_authorization_on_cross_origin_redirect'

const refusedEndpoint = [302, 307].map(
  (status): Case => ({
    name: `does not follow a redirect of the token endpoint (${status})`,
    run: async (world) => {
      const tokens = await registeredProvider(world)
      const answers = [{ status, headers: { location: `${world.elsewhere}/token` } }]
      await world.ask('next', { server: 'authorizationServer', answers })
      const error = await rejection(tokens.getAccessToken(), 'the call')
      same(codeOf(error), 'ERR_TOKEN_REDIRECT', 'the error')
      holds(messageOf(error).includes(world.elsewhere), messageOf(error))
      same((await world.seen()).elsewhere, [], 'requests elsewhere')
    },
  }),
)

const hostCases = hosts.flatMap((host): readonly Case[] => [
  {
    name: `X20: ${host.name}: no token reaches another origin by a redirect, or the runtime is refused`,
    run: async (world) => {
      const send = host.send(await registeredProvider(world), world)
      await redirectElsewhere(world)
      if (world.traits.keepsAuthorization) return refused(world, send)
      const response = await send(`${world.api}/moved`)
      same([response.status, await response.text()], [200, 'elsewhere'], 'the answer')
      const { api, elsewhere } = await world.seen()
      same(api.map(hasToken), [true], 'a token at the API')
      same(elsewhere.map(hasToken), [false], 'a token elsewhere')
    },
  },
  {
    name: `X20: ${host.name}: hands a redirect back that it was told not to follow`,
    run: async (world) => {
      const send = host.send(await registeredProvider(world), world)
      await redirectElsewhere(world)
      const response = await send(`${world.api}/moved`, unredirected)
      same(response.status, 302, 'the status')
      const { api, elsewhere } = await world.seen()
      same([api.map(hasToken), elsewhere], [[true], []], 'requests with a token')
    },
  },
  {
    name: `${host.name}: gives no token to an origin that was not named`,
    run: async (world) => {
      const send = host.send(await registeredProvider(world), world)
      await world.ask('next', { server: 'elsewhere', answers: [{ body: 'elsewhere' }] })
      same((await send(`${world.elsewhere}/`)).status, 200, 'the status')
      const { elsewhere, tokenRequests } = await world.seen()
      same([elsewhere.map(hasToken), tokenRequests], [[false], []], 'requests')
    },
  },
])

export const redirects: readonly Case[] = [
  ...refusedEndpoint,
  {
    name: 'X20: the runtime itself keeps Authorization across origins exactly where that is said of it',
    run: async (world) => {
      await redirectElsewhere(world)
      await fetch(`${world.api}/moved`, { headers: { authorization: 'Bearer of-a-test' } })
      const { elsewhere } = await world.seen()
      same(elsewhere.map(hasToken), [world.traits.keepsAuthorization], 'Authorization elsewhere')
    },
  },
  ...hostCases,
]

async function redirectElsewhere(world: World): Promise<void> {
  const moved = { status: 302, headers: { location: `${world.elsewhere}/` } }
  await world.ask('next', { server: 'api', answers: [moved] })
  await world.ask('next', { server: 'elsewhere', answers: [{ body: 'elsewhere' }] })
}

async function refused(world: World, send: Send): Promise<void> {
  const error = await rejection(send(`${world.api}/moved`), 'the request')
  same(codeOf(error), 'ERR_UNSUPPORTED_HOST', 'the error')
  holds(messageOf(error).includes(flag), messageOf(error))
  const { api, elsewhere } = await world.seen()
  same([api, elsewhere], [[], []], 'requests')
}

function hasToken({ authorization }: { authorization?: string }): boolean {
  return authorization !== undefined
}
