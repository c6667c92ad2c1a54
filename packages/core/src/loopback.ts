const loopback = ['localhost', '127.0.0.1', '[::1]']

/** Whether a parsed URL's hostname is this machine; plain http is safe to there alone. */
export function isLoopback(hostname: string): boolean {
  return loopback.includes(hostname)
}
