import type { InternalAxiosRequestConfig } from 'axios'

/** The caller's own. Like axios: undefined and null are no header, false is a word against one. */
export function hasAuthorization({ auth, headers }: InternalAxiosRequestConfig): boolean {
  if (auth !== undefined && auth !== null) return true
  for (const name of Object.keys(headers)) {
    if (isAuthorization(name) && headers[name] !== undefined && headers[name] !== null) return true
  }
  return false
}

/** Returns the Authorization header of a config of any shape. */
export function authorizationOf(config: unknown): unknown {
  const { headers } = Object(config) as { headers?: Record<string, unknown> | null }
  for (const name of Object.keys(headers ?? {})) {
    if (isAuthorization(name)) return headers?.[name]
  }
  return undefined
}

export function dropAuthorization(headers: Record<string, unknown> = {}): void {
  for (const name of Object.keys(headers)) if (isAuthorization(name)) delete headers[name]
}

function isAuthorization(name: string): boolean {
  return name.length === 13 && name.toLowerCase() === 'authorization'
}
