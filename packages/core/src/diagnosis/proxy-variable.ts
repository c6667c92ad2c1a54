const direct =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EACCES|UND_ERR_CONNECT_TIMEOUT)$/

/** Whether a failure of that code is what one gets who has to go through a proxy and does not. */
export function isUnreached(code: string | undefined): boolean {
  return code !== undefined && direct.test(code)
}

/**
 * The name of the environment variable that names a proxy which the platform's `fetch` passes by;
 * its value may hold a password. Undefined where there is none, or where `fetch` heeds it.
 */
export function ignoredProxyVariable(tokenEndpoint: string): string | undefined {
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

/** First of the hints after a failure to reach the token endpoint, where there is such a variable. */
export function proxyHints(variable: string | undefined): readonly string[] {
  if (variable === undefined) return []
  // Of that one Node never takes notice.
  const first = /^all_proxy$/i.test(variable) ? 'set HTTPS_PROXY to the same and ' : ''
  return [
    `${variable} is set, and Node's fetch does not heed it: ${first}start Node with NODE_USE_ENV_PROXY=1, or give a \`fetch\` with a ProxyAgent.`,
  ]
}
