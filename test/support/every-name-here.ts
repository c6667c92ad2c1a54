import dns from 'node:dns'
import { onTestFinished, vi } from 'vitest'

/** Resolves every name to this machine until the end of the test. */
export function everyNameIsHere(): void {
  const spy = vi.spyOn(dns, 'lookup').mockImplementation(lookup as never)
  onTestFinished(() => spy.mockRestore())
}

function lookup(_: string, options: dns.LookupOptions, done: (...found: unknown[]) => void): void {
  if (options.all) done(null, [{ address: '127.0.0.1', family: 4 }])
  else done(null, '127.0.0.1', 4)
}
