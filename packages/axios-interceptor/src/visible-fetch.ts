import { requireSafeRedirects } from '@countersign/core/adapter'
import type { InternalAxiosRequestConfig } from 'axios'

type Fetch = typeof globalThis.fetch

/** Where redirects led. */
export interface RedirectEnd {
  redirected: boolean
  /** The final URL, once a redirect was followed. */
  answeredBy: string | undefined
}

const key = 'countersignFetch'

/**
 * Lets the response of axios' fetch adapter be seen, which hides where a redirect led; the other
 * adapters know nothing of it. The adapter keeps whatever `env.fetch` it meets for good, so that is
 * one function; what belongs to this request travels beside it.
 */
export function showFetch(config: InternalAxiosRequestConfig, end: RedirectEnd): void {
  const { env } = config
  const given = env && Object.hasOwn(env, 'fetch') ? (env.fetch as Fetch | undefined) : undefined
  const send: Fetch = async (input, init) => {
    requireSafeRedirects((input as Partial<Request>).redirect ?? init?.redirect)
    const response = await (given ?? globalThis.fetch)(input, init)
    end.redirected = response.redirected
    // Where nothing was redirected, it is the URL that was sent, with its parameters.
    if (response.redirected !== false) end.answeredBy = response.url || undefined
    return response
  }
  config.env = { ...env, fetch: relay } as never
  config.fetchOptions = { ...config.fetchOptions, [key]: send }
}

async function relay(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
  const { [key]: send, ...rest } = init as RequestInit & { [key]: Fetch }
  // Newer axios gives an init that inherits nothing; the caller's fetch gets the same.
  return send(input, { __proto__: Object.getPrototypeOf(init), ...rest } as RequestInit)
}
