import Table from 'cli-table3'
import type { Reporter, TestCase } from 'vitest/node'

/** Host x promise: the tests of `test/cross/conformance/adapter.ts` and their number of promise. */
export const conformanceTable: Reporter = {
  onTestRunEnd(modules) {
    const hosts = new Map<string, Map<number, TestCase[]>>()
    const ours = modules.filter(({ moduleId }) => moduleId.includes('/test/cross/conformance/'))
    for (const test of ours.flatMap(({ children }) => [...children.allTests()])) {
      const host = /^host: (.*?) > /.exec(test.fullName)?.[1]
      if (host === undefined) continue
      const promises = hosts.get(host) ?? new Map<number, TestCase[]>()
      hosts.set(host, promises)
      for (const tag of test.options.tags ?? []) {
        const promise = Number(/^promise-(\d+)$/.exec(tag)?.[1])
        if (promise > 0) promises.set(promise, [...(promises.get(promise) ?? []), test])
      }
    }
    if (hosts.size === 0) return
    const columns = [...new Set([...hosts.values()].flatMap((promises) => [...promises.keys()]))]
    columns.sort((a, b) => a - b)
    const table = new Table({
      head: ['host', ...columns.map(String)],
      style: { head: [], border: [] },
    })
    for (const [host, promises] of [...hosts].sort(([a], [b]) => a.localeCompare(b)))
      table.push([host, ...columns.map((column) => cell(promises.get(column)))])
    console.log(`\nTests passed by host and promise:\n${table.toString()}`)
  },
}

function cell(tests: readonly TestCase[] = []): string {
  if (tests.length === 0) return '-'
  const passed = tests.filter((test) => test.result().state === 'passed').length
  return passed === tests.length ? String(passed) : `${passed} of ${tests.length}`
}
