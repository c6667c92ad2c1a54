import { copyError, isCountersignError } from './errors.js'
import type { EventSource } from './events.js'

/** Runs the work of one token request, so that subscribers can follow it. */
export type Trace = <T extends object | undefined>(
  work: () => Promise<T>,
  describe: (result: NonNullable<T>) => object,
) => Promise<T>

/**
 * Creates the function that publishes token requests on the tracing channel
 * `countersign:token-request` of `node:diagnostics_channel`. A message has the members that all
 * events of the provider have, then `result` or `error`. It contains no token.
 */
export function createTrace(source: EventSource): Trace {
  // An import would keep bundles from running on platforms without Node.js' modules.
  const diagnostics = globalThis.process?.getBuiltinModule?.('node:diagnostics_channel')
  const channel = diagnostics?.tracingChannel?.('countersign:token-request')
  return async (work, describe) => {
    if (!channel?.hasSubscribers) return work()
    let result!: Awaited<ReturnType<typeof work>>
    const publish = async () => {
      try {
        result = await work()
      } catch (error) {
        throw isCountersignError(error) ? copyError(error) : error
      }
      return result && describe(result)
    }
    await channel.tracePromise(publish, { ...source })
    return result
  }
}
