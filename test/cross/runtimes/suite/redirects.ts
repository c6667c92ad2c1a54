import { isError, rejection, same } from './expectations.ts'
import { type Host, hosts, registeredProvider, unredirected } from './provider.ts'
import type { Cases, World } from './world.ts'

const flag = 'strip_authorization_on_cross_origin_redirect'

const ofTheEndpoint = [302, 307].map((status) => {
  const run = async (world: World) => {
    const tokens = await registeredProvider(world)
    const headers = { location: `${world.elsewhere}/token` }
    await world.ask('next', 'authorizationServer', { status, headers })
    isError(await rejection(tokens.getAccessToken()), 'ERR_TOKEN_REDIRECT', world.elsewhere)
    same((await world.ask('seen')).elsewhere, [], 'requests elsewhere')
  }
  return [`does not follow a redirect of the token endpoint (${status})`, run] as const
})

export const redirects: Cases = {
  ...Object.fromEntries(ofTheEndpoint),
  async 'X20: the runtime keeps Authorization across origins exactly as expected'(world) {
    await redirectElsewhere(world)
    await fetch(`${world.api}/moved`, { headers: { authorization: 'Bearer of-a-test' } })
    const { elsewhere } = await world.ask('seen')
    same(elsewhere.map(hasToken), [world.traits.keepsAuthorization], 'Authorization elsewhere')
  },
  ...Object.assign({}, ...hosts.map(redirectsThrough)),
}

function redirectsThrough({ name, create }: Host): Cases {
  return {
    async [`X20: ${name}: no redirect takes a token to another origin, or the runtime is rejected`](
      world,
    ) {
      const send = create(await registeredProvider(world), world)
      await redirectElsewhere(world)
      if (world.traits.keepsAuthorization) {
        const error = await rejection(send(`${world.api}/moved`))
        isError(error, 'ERR_UNSUPPORTED_CLIENT', flag)
        const { api, elsewhere } = await world.ask('seen')
        return same([api, elsewhere], [[], []], 'requests')
      }
      const response = await send(`${world.api}/moved`)
      same([response.status, await response.text()], [200, 'elsewhere'], 'the answer')
      const { api, elsewhere } = await world.ask('seen')
      same([api.map(hasToken), elsewhere.map(hasToken)], [[true], [false]], 'tokens')
    },
    async [`X20: ${name}: returns a redirect that it must not follow`](world) {
      const send = create(await registeredProvider(world), world)
      await redirectElsewhere(world)
      same((await send(`${world.api}/moved`, unredirected)).status, 302, 'the status')
      const { api, elsewhere } = await world.ask('seen')
      same([api.map(hasToken), elsewhere], [[true], []], 'requests with a token')
    },
    async [`${name}: sends no token to an origin that is not listed`](world) {
      const send = create(await registeredProvider(world), world)
      await world.ask('next', 'elsewhere', { body: 'elsewhere' })
      same((await send(`${world.elsewhere}/`)).status, 200, 'the status')
      const { elsewhere, tokenRequests } = await world.ask('seen')
      same([elsewhere.map(hasToken), tokenRequests], [[false], []], 'requests')
    },
  }
}

async function redirectElsewhere(world: World): Promise<void> {
  await world.ask('next', 'api', { status: 302, headers: { location: `${world.elsewhere}/` } })
  await world.ask('next', 'elsewhere', { body: 'elsewhere' })
}

function hasToken({ authorization }: { authorization?: string | undefined }): boolean {
  return authorization !== undefined
}
