import { createHash } from 'node:crypto'
import type { Answer } from './hosts.ts'

/** What is wrong with an answer of the API: undefined when it is the one that the caller is owed. */
export function answerFault(
  { status, text }: Answer,
  { clientId, body }: { clientId: string; body: object | undefined },
): string | undefined {
  if (status !== 200) return `answered ${status}`
  const answer = parsed(text)
  if (answer === undefined) return 'answered 200 without words'
  if (answer.clientId !== clientId) return 'sent with the token of another client'
  if (answer.bodyDigest !== digest(body === undefined ? '' : JSON.stringify(body))) {
    return 'its body did not arrive intact'
  }
  return undefined
}

export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function parsed(text: string): { clientId?: unknown; bodyDigest?: unknown } | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
