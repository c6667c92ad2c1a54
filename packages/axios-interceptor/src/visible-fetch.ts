import { requireSafeRedirects } from '@countersign/core/adapter'
import type { InternalAxiosRequestConfig } from 'axios'

type Fetch = typeof globalThis.fetch

const key = 'countersignFetch'

/**
 * Lets the response of axios' fetch adapter be seen, which hides where a redirect led. The adapter
 * keeps whatever `env.fetch` it meets for good, so that is one function; what belongs to this
 * request travels beside it.
 */
export function showFetch(
  config: InternalAxiosRequestConfig,
  seen: (response: { readonly redirected: boolean; readonly url: string }) => void,
): void {
  const { env } = config
  const given = env && Object.hasOwn(env, 'fetch') ? (env.fetch as Fetch | undefined) : undefined
  const send: Fetch = async (input, init) => {
    requireSafeRedirects((input as Partial<Request>).redirect ?? init?.redirect)
    const response = await (given ?? globalThis.fetch)(input, init)
    seen(response)
    return response
  }
  config.env = { ...env, fetch: relay } as NonNullable<typeof env>
  config.fetchOptions = { ...config.fetchOptions, [key]: send }
}

async function relay(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
  const { [key]: send, ...rest } = init as RequestInit & { [key]: Fetch }
  return send(input, Object.keys(rest).length === 0 ? undefined : rest)
}
