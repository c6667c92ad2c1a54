import type { Audit, Caller, Key } from './renewal-rules.ts'

interface ApiRequest {
  readonly key: Key
  readonly caller: Caller
  readonly token: string
  readonly isReplay: boolean
  readonly answer: (status: number) => void
}

/** An API in this process, which answers on request and checks what it receives. */
export function scriptedApi({ rules, now, note }: Audit, callerOf: (url: URL) => Caller) {
  const waiting: ApiRequest[] = []
  const script = {
    /** Does it wait for `answer`, or answer as soon as all else is quiet? */
    isSlow: false,
    /** Does it refuse every token? */
    isRefusing: false,
    /** It rejects the tokens up to this number. */
    revokedUpTo: 0,
  }

  return { fetch, waiting, script, answer }

  function fetch(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
    const url = new URL(String(input))
    const key = url.pathname === '/one' ? 'one' : 'two'
    const caller = callerOf(url)
    const { authorization = '' } = init.headers as Record<string, string>
    const token = /^Bearer (token-\d+)$/.exec(authorization)?.[1] ?? ''
    const fault = token === '' ? `a header says '${authorization}'` : rules[key].fault(now(), token)
    if (fault !== undefined) note(`${fault}: ${token}`)
    caller.waitsSince = undefined
    if (++caller.sends > 2) note('a request is sent a third time')
    return new Promise((resolve, reject) => {
      const answer = (status: number) => resolve(new Response(null, { status }))
      const request = { key, caller, token, isReplay: caller.sends === 2, answer } as const
      waiting.push(request)
      init.signal?.addEventListener('abort', () => {
        const at = waiting.indexOf(request)
        if (at !== -1) waiting.splice(at, 1)
        reject(init.signal?.reason)
      })
    })
  }

  function answer(place: number): void {
    const [request] = waiting.splice(place % waiting.length, 1)
    if (request === undefined) return
    const { key, caller, token, isReplay, answer } = request
    if (!isRefused(token)) {
      answer(200)
      return
    }
    rules[key].refused(now(), token)
    if (!isReplay) {
      caller.waitsForProbe = rules[key].asked(now(), { rejected: token }) === 'probe'
      caller.waitsSince = now().monotonic
    }
    answer(401)
  }

  function isRefused(token: string): boolean {
    return script.isRefusing || Number(token.slice('token-'.length)) <= script.revokedUpTo
  }
}
