import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'
import type { WorkerRequest } from '../hosts/worker.ts'
import type { CaseOutcome } from '../suite/case.ts'
import { cases } from '../suite/cases.ts'
import type { WorkerRuntime } from './runtimes.ts'
import { outcomeOf, stories } from './stories.ts'

const program = fileURLToPath(new URL('../hosts/worker.ts', import.meta.url))

/** A request that gets no answer in this time hangs. */
const limitMs = 45_000

/** Runs the suite and the stories in each of the workers, beside each other, in one workerd. */
export async function runWorkers(
  runtimes: readonly WorkerRuntime[],
  stage: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<WorkerRuntime, readonly CaseOutcome[]>> {
  const contents = await bundled()
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
  try {
    const runs = runtimes.map(async (runtime, index) => {
      const ask = (request: WorkerRequest) => answered(workerd, hostname(index), request, signal)
      return [runtime, await runWorker(runtime, stage, ask)] as const
    })
    return new Map(await Promise.all(runs))
  } finally {
    await workerd.dispose()
  }
}

async function runWorker(
  { traits }: WorkerRuntime,
  stage: string,
  ask: (request: WorkerRequest) => Promise<unknown>,
): Promise<readonly CaseOutcome[]> {
  const outcomes: CaseOutcome[] = []
  for (const { name } of cases) {
    const failed = (error: unknown) => ({ name, passed: false, reason: String(error) })
    outcomes.push((await ask({ caseName: name }).catch(failed)) as CaseOutcome)
  }
  for (const story of stories) {
    outcomes.push(
      await outcomeOf(
        story,
        stage,
        traits,
        (step, { id, tokenEndpoint, api, elsewhere, now }, clock) =>
          ask({ step, opened: { id, tokenEndpoint, api, elsewhere, now }, clock }),
      ),
    )
  }
  return outcomes
}

async function answered(
  workerd: Miniflare,
  host: string,
  request: WorkerRequest,
  signal: AbortSignal,
): Promise<unknown> {
  const response = await workerd.dispatchFetch(`http://${host}/`, {
    method: 'POST',
    body: JSON.stringify(request),
    signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
  })
  const { value, error } = (await response.json()) as { value?: unknown; error?: string }
  if (error !== undefined) throw new Error(error)
  return value
}

/** One module, with what it imports; fails for an import of a module of Node. */
async function bundled(): Promise<string> {
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
