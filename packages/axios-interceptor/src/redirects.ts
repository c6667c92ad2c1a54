import { isSameOrigin, requireSafeRedirects } from '@countersign/core/adapter'
import type { Attempt, Config } from './call.js'

type Fetch = typeof globalThis.fetch

/**
 * Creates a `beforeRedirect` that removes the token when the origin changes. axios before 1.21 keeps
 * it on a redirect to a subdomain.
 */
export function createRedirectGuard(attempt: Attempt): NonNullable<Config['beforeRedirect']> {
  const { config, url = '' } = attempt.call
  const { beforeRedirect } = config
  return (next, ...details) => {
    attempt.redirected = true
    attempt.responseUrl = next.href
    const isLeaving = !isSameOrigin(next.href, url)
    attempt.hasLeftOrigin = attempt.hasLeftOrigin === true || isLeaving
    if (isLeaving) removeAuthorization(next.headers)
    beforeRedirect?.(next, ...details)
  }
}

function removeAuthorization(headers: Record<string, unknown> = {}): void {
  for (const name of Object.keys(headers)) {
    if (name.toLowerCase() === 'authorization') delete headers[name]
  }
}

const key = 'countersignFetch'

/**
 * Returns the members of a config that show the response of the fetch adapter, which otherwise hides
 * where a redirect led. Other adapters ignore them. The adapter caches every `env.fetch` forever, so
 * all requests share one function, and their own functions travel in the options.
 */
export function watchFetch(attempt: Attempt): Pick<Config, 'env' | 'fetchOptions'> {
  const { env, fetchOptions } = attempt.call.config
  const own = env && Object.hasOwn(env, 'fetch') ? (env.fetch as Fetch | undefined) : undefined
  const send: Fetch = async (input, init) => {
    requireSafeRedirects((input as Partial<Request>).redirect ?? init?.redirect)
    const response = await (own ?? globalThis.fetch)(input, init)
    attempt.redirected = response.redirected
    // Without a redirect it is the URL of the request and its parameters.
    if (response.redirected !== false) attempt.responseUrl = response.url || undefined
    return response
  }
  return { env: { ...env, fetch: relay } as never, fetchOptions: { ...fetchOptions, [key]: send } }
}

async function relay(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
  const { [key]: send, ...rest } = init as RequestInit & { [key]: Fetch }
  // Newer versions of axios pass an init without a prototype.
  return send(input, { __proto__: Object.getPrototypeOf(init), ...rest } as RequestInit)
}

/**
 * Returns the URL that the xhr adapter reports, or a `transport` that follows redirects. A mock may
 * report the URL of the request without its parameters, which is not a redirect.
 */
export function readResponseUrl({ call, response: { request } }: Attempt): string | undefined {
  const { transport, params } = call.config
  const url: unknown = request?.responseURL ?? (transport && request?.res?.responseUrl)
  if (typeof url !== 'string' || !URL.canParse(url)) return undefined
  return params !== undefined && readPath(url) === readPath(call.url as string) ? undefined : url
}

function readPath(url: string): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}
