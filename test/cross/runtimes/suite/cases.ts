import { cancelling } from './cancelling.ts'
import type { Case } from './case.ts'
import { exchange } from './exchange.ts'
import { same } from './expectations.ts'
import { flights } from './flights.ts'
import { keyForms } from './key-forms.ts'
import { registeredProvider } from './provider.ts'
import { redaction } from './redaction.ts'
import { redirects } from './redirects.ts'
import { renewal } from './renewal.ts'
import { signing } from './signing.ts'

/** What every runtime must keep, each by the same code. */
export const cases: readonly Case[] = [
  {
    name: 'is the kind of runtime that it is said to be',
    run: async ({ traits }) => {
      const nodeCrypto = globalThis.process?.getBuiltinModule?.('node:crypto') !== undefined
      const isWorker = 'Cloudflare' in globalThis
      same([nodeCrypto, isWorker], [traits.nodeCrypto, traits.isWorker], 'node:crypto, a worker')
    },
  },
  {
    name: 'asks for a token that no cache keeps, where fetch has the option',
    run: async (world) => {
      const modes: (string | undefined)[] = []
      const tokens = await registeredProvider(world, {
        fetch: (url, init) => {
          modes.push(init.cache)
          return fetch(url, init)
        },
      })
      await tokens.getAccessToken()
      const { cacheOption = 'cache' in Request.prototype } = world.traits
      same(modes, [cacheOption ? 'no-store' : undefined], 'the cache mode')
    },
  },
  ...signing,
  ...keyForms,
  ...flights,
  ...renewal,
  ...exchange,
  ...cancelling,
  ...redirects,
  ...redaction,
]
