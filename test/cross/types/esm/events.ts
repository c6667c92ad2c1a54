import type { RequestEvent, TokenEvent } from '@countersign/core'

/** Each type of event has members of its own; a new type would make this not compile. */
export function line(event: TokenEvent): string {
  // @ts-expect-error 2339: only some events have it
  void event.duration
  const { clientId, tokenEndpoint } = event
  switch (event.type) {
    case 'token-issued':
      return `${event.source} ${event.expiresAt} ${event.attempts} ${event.duration}`
    case 'token-request-failed':
      // @ts-expect-error 18048: perhaps it is not tried again
      event.retryIn.toFixed()
      return `${event.error.code} ${event.attempt} ${event.duration} ${event.retryIn}`
    case 'renewal-failed':
      return `${event.error.message} ${event.servesUntil} ${event.nextAttemptAt}`
    case 'token-rejected':
      return `${event.action} ${event.coolDownUntil}`
    case 'response-warning':
    case 'configuration-warning':
      return event.warning
    case 'clock-skew':
      return `${event.offset}`
    case 'store-failed':
      return `${event.operation} ${event.reason}`
    // @ts-expect-error 2678: no such type
    case 'token-expired':
      return `${clientId} ${tokenEndpoint}`
    default:
      return impossible(event)
  }
}

export function replayed(event: RequestEvent): string {
  // @ts-expect-error 2540: events are for reading
  event.origin = ''
  switch (event.type) {
    case 'authorization-skipped':
      return `${event.reason} ${event.status ?? 200}`
    case 'request-replayed':
      return `${event.method} ${event.origin}`
    case 'replay-skipped':
      // @ts-expect-error 2367: no such reason
      if (event.reason === 'stream') return ''
      return event.reason
    case 'insufficient-scope':
      return event.scope ?? ''
    case 'rejection-check-failed':
      return event.method
    default:
      return impossible(event)
  }
}

function impossible(event: never): string {
  return event
}
