/** The suite in workerd: a request runs one case, or one step of a story of several requests. */
import { waitUntil } from 'cloudflare:workers'
import type { TokenProvider } from '@countersign/core'
import type { Opened } from '../stage/servers.ts'
import { runCase } from '../suite/case.ts'
import { registeredProvider } from '../suite/provider.ts'
import { connect, type Traits, type World } from '../suite/world.ts'

/** Names a case, or a step and its servers. */
export type WorkerRequest =
  | { readonly caseName: string }
  | { readonly step: Step; readonly opened: Opened }

/** Global to the worker, as in an application. */
let tokens: TokenProvider | undefined
let world: World | undefined

const steps = {
  async 'start a token request and leave'(world: World) {
    tokens = await registeredProvider(world, { timeout: 8_000, retries: 0 })
    tokens.getAccessToken().catch(() => {})
    await world.ask('arrived', 1)
  },
  async 'pass a token request to waitUntil and leave'(world: World) {
    tokens = await registeredProvider(world)
    waitUntil(tokens.getAccessToken())
    await world.ask('arrived', 1)
  },
  async 'get a first token'(world: World) {
    tokens = await registeredProvider(world, { renewal: { waitUntil } })
    return value()
  },
  'wait for a token': value,
  async 'use the token when it is due, and leave'(world: World) {
    await world.advance(560_000)
    const due = await value()
    await world.ask('arrived', 2)
    return due
  },
  async 'get a token after its expiry'(world: World) {
    await world.advance(40_000)
    return value()
  },
}

export type Step = keyof typeof steps

async function value(): Promise<string | undefined> {
  return (await tokens?.getAccessToken())?.value
}

const worker = {
  async fetch(request: Request, { stage, traits }: { stage: string; traits: Traits }) {
    const asked: WorkerRequest = JSON.parse(await request.text())
    try {
      if ('caseName' in asked)
        return Response.json({ value: await runCase(stage, traits, asked.caseName) })
      if (world?.id !== asked.opened.id) world = connect(stage, traits, asked.opened)
      return Response.json({ value: await steps[asked.step](world) })
    } catch (error) {
      return Response.json({ error: String(error instanceof Error ? error.stack : error) })
    }
  },
}

export { worker as default }
