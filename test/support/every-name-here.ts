import dns from 'node:dns'
import { onTestFinished, vi } from 'vitest'

/** Until the test is over, every name is this machine: a request to any host is seen, none leaves. */
export function everyNameIsHere(): void {
  const spy = vi.spyOn(dns, 'lookup').mockImplementation(lookup as never)
  onTestFinished(() => spy.mockRestore())
}

function lookup(_: string, options: dns.LookupOptions, done: (...found: unknown[]) => void): void {
  if (options.all) done(null, [{ address: '127.0.0.1', family: 4 }])
  else done(null, '127.0.0.1', 4)
}
