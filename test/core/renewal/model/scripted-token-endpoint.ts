import type { Audit, Key } from './renewal-rules.ts'

/** How the token endpoint answers. */
export type Answer =
  | { readonly seconds: number }
  | { readonly status: 503; readonly retryAfter?: number }
  | 'network'
  | 'invalid_client'
  | 'invalid_scope'
  | 'malformed'

interface HeldRequest {
  readonly key: Key
  readonly signal: AbortSignal
  readonly settle: (answer: Answer) => void
}

/** A token endpoint in this process, which reports its requests and responses to the rules. */
export function scriptedTokenEndpoint({ rules, now, note }: Audit) {
  const held: HeldRequest[] = []
  const script: { answer: Answer | undefined } = { answer: { seconds: 600 } }
  let issued = 0

  return {
    fetch,
    held,
    /** What it answers at once; undefined: token requests wait for `answer`. */
    script,
    answer: (at: number, answer: Answer) => held.splice(at % held.length, 1)[0]?.settle(answer),
    issued: () => issued,
  }

  function fetch(_: string, { body, signal }: RequestInit): Promise<Response> {
    const key = keyOf(String(body))
    rules[key].requested(now())
    return new Promise((resolve, reject) => {
      const settle = (answer: Answer) => {
        // What comes after its time limit is nothing to anybody.
        if (!signal?.aborted) tell(key, answer)
        if (answer === 'network') reject(networkError())
        else resolve(response(answer))
      }
      if (script.answer !== undefined) settle(script.answer)
      else held.push({ key, signal: signal as AbortSignal, settle })
    })
  }

  function keyOf(form: string): Key {
    const scope = new URLSearchParams(form).get('scope')?.split(' ').sort().join(' ')
    if (scope !== 'a' && scope !== 'b c') note(`a token request asks for the scope ${scope}`)
    return scope === 'a' ? 'one' : 'two'
  }

  function tell(key: Key, answer: Answer): void {
    const isRetryable = answer === 'network'
    const isOwn = answer === 'invalid_scope'
    // A time limit of the other key may have passed before.
    rules[key].passed(now())
    if (typeof answer === 'string') rules[key].failed(now(), { isRetryable, isOwn })
    else if ('seconds' in answer)
      rules[key].answered(now(), `token-${issued + 1}`, answer.seconds * 1000)
    else {
      const { retryAfter } = answer
      const ms = retryAfter === undefined ? undefined : retryAfter * 1000
      rules[key].failed(now(), { isRetryable: true, retryAfter: ms })
    }
  }

  function response(answer: Exclude<Answer, 'network'>): Response {
    if (answer === 'invalid_scope') return Response.json({ error: answer }, { status: 400 })
    if (answer === 'invalid_client') return Response.json({ error: answer }, { status: 401 })
    if (answer === 'malformed') return Response.json({ access_token: 'two words' })
    if ('seconds' in answer)
      return Response.json({
        access_token: `token-${++issued}`,
        token_type: 'Bearer',
        expires_in: answer.seconds,
      })
    const { status, retryAfter } = answer
    const headers = new Headers(
      retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) },
    )
    return new Response(null, { status, headers })
  }
}

function networkError(): TypeError {
  const cause = Object.assign(new Error('connection reset'), { code: 'ECONNRESET' })
  return new TypeError('fetch failed', { cause })
}
