import type { Time } from '../stage/servers.ts'
import { cancelling } from './cancelling.ts'
import { exchange } from './exchange.ts'
import { same } from './expectations.ts'
import { flights } from './flights.ts'
import { keyForms } from './key-forms.ts'
import { registeredProvider } from './provider.ts'
import { redaction } from './redaction.ts'
import { redirects } from './redirects.ts'
import { renewal } from './renewal.ts'
import { signing } from './signing.ts'
import { stores } from './stores.ts'
import { type Cases, openWorld, type Traits, type World } from './world.ts'

export interface CaseOutcome {
  readonly name: string
  readonly passed: boolean
  /** Why it did not pass. */
  readonly reason?: string
}

export const cases: Cases = {
  async 'is the expected kind of runtime'({ traits }) {
    const nodeCrypto = globalThis.process?.getBuiltinModule?.('node:crypto') !== undefined
    const isWorker = 'Cloudflare' in globalThis
    same([nodeCrypto, isWorker], [traits.nodeCrypto, traits.isWorker], 'node:crypto, a worker')
  },
  async 'requests a token that no cache keeps, if fetch has the option'(world) {
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
  ...signing,
  ...keyForms,
  ...flights,
  ...renewal,
  ...exchange,
  ...cancelling,
  ...redirects,
  ...redaction,
  ...stores,
}

/** A case that takes longer hangs. */
const limit = 30_000

/** Runs a case with servers of its own. */
export function runCase(stage: string, traits: Traits, name: string): Promise<CaseOutcome> {
  const run = cases[name] ?? (() => Promise.reject(new Error('there is no such case')))
  return runWith(
    { stage, traits, name, time: name.startsWith('gives up') ? 'wall' : 'by hand' },
    run,
  )
}

export async function runWith(
  { stage, traits, name, time }: { stage: string; traits: Traits; name: string; time: Time },
  run: (world: World) => Promise<void>,
): Promise<CaseOutcome> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not end within ${limit} ms`)), limit)
  })
  try {
    const world = await openWorld(stage, traits, time)
    await Promise.race([run(world), late]).finally(() => world.ask('close'))
    return { name, passed: true }
  } catch (error) {
    return { name, passed: false, reason: String(error instanceof Error ? error.stack : error) }
  } finally {
    clearTimeout(timer)
  }
}
