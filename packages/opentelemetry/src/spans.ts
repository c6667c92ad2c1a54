import type { AsyncLocalStorage } from 'node:async_hooks'
import type { TokenEvent } from '@countersign/core'
import { context, type Span, SpanStatusCode, trace } from '@opentelemetry/api'
import { describeServer } from './attributes.js'

/** What core publishes about one token request. */
interface Message extends Pick<TokenEvent, 'clientId' | 'tokenEndpoint'> {
  readonly result?: { readonly source: string; readonly attempts: number }
  readonly error?: { readonly code?: string }
  [mark]?: Span
}

/** Marks a message with its span, so that two calls of `openTelemetry` make one span. */
const mark: unique symbol = Symbol.for('countersign.span')

/** Creates a span for each token request. HTTP spans of the request are its children. */
export function followTokenRequests(hasClientId: boolean): {
  noteEvent(event: TokenEvent): void
  disable(): void
} {
  const diagnostics = globalThis.process?.getBuiltinModule?.('node:diagnostics_channel')
  const hooks = globalThis.process?.getBuiltinModule?.('node:async_hooks')
  if (diagnostics === undefined || hooks === undefined) return { noteEvent() {}, disable() {} }
  const channel = diagnostics.tracingChannel('countersign:token-request')
  const current = new hooks.AsyncLocalStorage<Span>()
  const stores: [AsyncLocalStorage<unknown>, (message: Message) => unknown][] = [
    [current, startSpan],
  ]
  const active = findActiveContextStore()
  if (active !== undefined)
    stores.push([active, (message) => trace.setSpan(context.active(), startSpan(message))])
  const handlers = { asyncEnd: endSpan }
  for (const [store, enter] of stores) channel.start.bindStore(store, enter as never)
  channel.subscribe(handlers as never)
  return { noteEvent, disable }

  function startSpan(message: Message): Span {
    message[mark] ??= trace
      .getTracer('@countersign/opentelemetry')
      .startSpan('countersign.token_request', {
        attributes: {
          ...describeServer(message.tokenEndpoint),
          ...(hasClientId && { 'countersign.client_id': message.clientId }),
        },
      })
    return message[mark]
  }

  function endSpan({ [mark]: span, result, error }: Message): void {
    if (result !== undefined) {
      const { source, attempts } = result
      span?.setAttributes({ 'countersign.source': source, 'countersign.attempts': attempts })
    }
    if (error !== undefined) {
      const code = error.code ?? 'Error'
      // The message of an error may name the client.
      span
        ?.setAttribute('error.type', code)
        .setStatus({ code: SpanStatusCode.ERROR, message: code })
    }
    span?.end()
  }

  /** Adds each failed attempt to the span of its token request. */
  function noteEvent(event: TokenEvent): void {
    if (event.type !== 'token-request-failed') return
    const attributes = { 'countersign.attempt': event.attempt, 'error.type': event.error.code }
    current.getStore()?.addEvent('countersign.token_request.attempt_failed', attributes)
  }

  function disable(): void {
    for (const [store] of stores) channel.start.unbindStore(store)
    channel.unsubscribe(handlers as never)
  }
}

/**
 * Returns the store in which OpenTelemetry's Node.js SDK keeps the active context. Its API offers no
 * other way to a channel. Without the store, HTTP spans are not children of the token request.
 */
function findActiveContextStore(): AsyncLocalStorage<unknown> | undefined {
  const { _getContextManager } = context as unknown as {
    _getContextManager?: () => { _asyncLocalStorage?: AsyncLocalStorage<unknown> }
  }
  return _getContextManager?.call(context)._asyncLocalStorage
}
