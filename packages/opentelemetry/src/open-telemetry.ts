import { ConfigurationError, type RequestEvent, type TokenEvent } from '@countersign/core'
import { requireArgument } from '@countersign/core/adapter'
import { createMetrics } from './metrics.js'
import { followTokenRequests } from './spans.js'

/** The options of {@link openTelemetry}. */
export interface OpenTelemetryOptions {
  /**
   * Adds the client ID to metrics and spans, as `countersign.client_id`. Each client ID then has time
   * series of its own.
   *
   * @default false
   */
  clientId?: boolean | undefined
}

/** The listeners that record events. */
export interface Telemetry {
  /** The option `onEvent` of a provider. */
  onTokenEvent(event: TokenEvent): void
  /** The option `onEvent` of an adapter. */
  onRequestEvent(event: RequestEvent): void
  /** Ends the spans. The listeners still record metrics. */
  disable(): void
}

/**
 * Records metrics of tokens and requests, and a span for each token request, with the globally
 * registered SDK. Call it once and share the result. It records no token, key, scope or URL path.
 *
 * @param options.clientId - Adds the client ID to metrics and spans. `@default false`
 * @returns the listeners for providers and adapters.
 * @throws {ConfigurationError} for an option that is unknown or of another type.
 * @example
 * ```ts
 * const telemetry = openTelemetry()
 * const tokens = createTokenProvider({ ...options, onEvent: telemetry.onTokenEvent })
 * addAuthorization(api, tokens, { onEvent: telemetry.onRequestEvent })
 * ```
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): Telemetry {
  const isObject = typeof options === 'object' && options !== null
  requireArgument(isObject, 'options', 'must be an object, such as { clientId: true }')
  const { clientId = false, ...unknown } = options
  const [name = typeof clientId === 'boolean' ? undefined : 'clientId'] = Object.keys(unknown)
  if (name !== undefined) {
    const message = `Option '${name}' is unknown or has another type. Known options: clientId, a boolean.`
    throw new ConfigurationError('ERR_INVALID_OPTION', message, name)
  }
  const { recordTokenEvent, recordRequestEvent } = createMetrics(clientId)
  const { noteEvent, disable } = followTokenRequests(clientId)
  return {
    onTokenEvent(event) {
      recordTokenEvent(event)
      noteEvent(event)
    },
    onRequestEvent: recordRequestEvent,
    disable,
  }
}
