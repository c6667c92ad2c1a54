import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'
import type { WorkerRequest } from '../hosts/worker.ts'
import { type CaseOutcome, cases, runWith } from '../suite/case.ts'
import type { WorkerRuntime } from './runtimes.ts'
import { stories } from './stories.ts'

const program = fileURLToPath(new URL('../hosts/worker.ts', import.meta.url))

/** A request that takes longer hangs. */
const limitMs = 45_000

type Ask = (request: WorkerRequest) => Promise<unknown>

/** Runs the suite and the stories in each of the workers, in parallel, in one workerd. */
export async function runWorkers(
  runtimes: readonly WorkerRuntime[],
  stage: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<WorkerRuntime, readonly CaseOutcome[]>> {
  const contents = await bundle()
  const workerd = new Miniflare({
    cf: false,
    workers: runtimes.map(({ compatibilityDate, compatibilityFlags, traits }, index) => ({
      name: hostname(index),
      modules: [{ type: 'ESModule', path: 'worker.js', contents }],
      ...{ compatibilityDate, compatibilityFlags },
      routes: [`${hostname(index)}/*`],
      bindings: { stage, traits },
    })),
  })
  const askWorker = async (index: number, request: WorkerRequest) => {
    const response = await workerd.dispatchFetch(`http://${hostname(index)}/`, {
      method: 'POST',
      body: JSON.stringify(request),
      signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
    })
    const { value, error } = (await response.json()) as { value?: unknown; error?: string }
    if (error !== undefined) throw new Error(error)
    return value
  }
  try {
    const runs = runtimes.map(
      async (runtime, index) =>
        [runtime, await runWorker(runtime, stage, (request) => askWorker(index, request))] as const,
    )
    return new Map(await Promise.all(runs))
  } finally {
    await workerd.dispose()
  }
}

async function runWorker(
  { traits }: WorkerRuntime,
  stage: string,
  ask: Ask,
): Promise<readonly CaseOutcome[]> {
  const outcomes: CaseOutcome[] = []
  for (const name of Object.keys(cases)) {
    const fail = (error: unknown) => ({ name, passed: false, reason: String(error) })
    outcomes.push((await ask({ caseName: name }).catch(fail)) as CaseOutcome)
  }
  for (const { name, time, run } of stories) {
    const outcome = await runWith({ stage, traits, name, time }, (world) => {
      const { id, tokenEndpoint, api, elsewhere, now } = world
      const opened = { id, time, tokenEndpoint, api, elsewhere, now }
      return run(world, (step) => ask({ step, opened }))
    })
    outcomes.push(outcome)
  }
  return outcomes
}

/** Bundles the worker into one module. Fails for an import of a module of Node. */
async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [program],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'es2023',
    external: ['cloudflare:*'],
  })
  return outputFiles[0]?.text ?? ''
}

function hostname(index: number): string {
  return `worker-${index}.test`
}
