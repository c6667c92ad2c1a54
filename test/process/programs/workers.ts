import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { hosts, provider, tell } from './program.ts'

/** Each thread has providers of its own, and its own token. */
async function work(): Promise<{ statuses: number[]; token: string }> {
  const tokens = provider()
  const { axios, ky, fetch } = hosts(tokens)
  const statuses = [await axios('x'), await ky('x'), await fetch('x')]
  return { statuses, token: (await tokens.getAccessToken()).value }
}

if (isMainThread) {
  const threads = Array.from({ length: 3 }, () => new Worker(new URL(import.meta.url)))
  const results = await Promise.all(
    threads.map(
      (thread) =>
        new Promise<{ statuses: number[]; token: string }>((resolve, reject) => {
          thread.once('message', resolve)
          thread.once('error', reject)
        }),
    ),
  )
  tell({
    statuses: results.map(({ statuses }) => statuses),
    tokens: new Set(results.map(({ token }) => token)).size,
  })
} else {
  parentPort?.postMessage(await work())
}
