/**
 * Returns the name of the environment variable that names a proxy which the platform's `fetch`
 * ignores; its value may contain a password. Undefined if there is none, or if `fetch` respects it.
 */
export function findIgnoredProxy(tokenEndpoint: string): string | undefined {
  try {
    const { env, versions, execArgv = [] } = globalThis.process
    if (!versions.node || versions.bun || versions.deno) return undefined
    const flags = [...execArgv, ...(env.NODE_OPTIONS ?? '').split(/\s+/)]
    if (env.NODE_USE_ENV_PROXY === '1' || flags.includes('--use-env-proxy')) return undefined
    const own = tokenEndpoint.startsWith('https') ? 'HTTPS_PROXY' : 'HTTP_PROXY'
    const names = [own, 'ALL_PROXY', 'HTTPS_PROXY', 'HTTP_PROXY']
    return names.flatMap((name) => [name, name.toLowerCase()]).find((name) => env[name])
  } catch {
    return undefined
  }
}

/** Returns the hint about such a variable, if there is one. */
export function listProxyHints(variable: string | undefined): readonly string[] {
  if (variable === undefined) return []
  // Node never reads ALL_PROXY.
  const first = /^all_proxy$/i.test(variable) ? 'set HTTPS_PROXY to the same value and ' : ''
  return [
    `${variable} is set, but Node's fetch ignores it: ${first}start Node with NODE_USE_ENV_PROXY=1, or pass a \`fetch\` with a ProxyAgent.`,
  ]
}
