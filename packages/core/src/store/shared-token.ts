import {
  type IssuedToken,
  type PostponedRenewal,
  type TokenCall,
  TokenRequestFailure,
} from '../issued-token.js'
import { noAnswer } from './circuit.js'
import {
  computeLeaseDuration,
  computePatience,
  computePoll,
  computePostponement,
  computeStoreLimit,
  goesAlone,
} from './sharing-rules.js'
import { createStoreCalls, type Lease, type StoreCallSettings } from './store-calls.js'

interface SharedTokenSettings extends StoreCallSettings {
  /** Milliseconds. */
  readonly timeout: number
  /** Epoch milliseconds: when this member wanted the token. */
  readonly startedAt: number
  /** Whether the provider uses its store for the first time. */
  readonly isFirst: boolean
  readonly request: () => Promise<IssuedToken>
}

/**
 * Returns the token of all members that share a store: from the store, or from a token request that
 * one of them makes. While the member's own token lasts, it postpones the renewal instead of making
 * a token request that another member may be making.
 */
export async function getSharedToken(
  settings: SharedTokenSettings,
  call: TokenCall,
): Promise<IssuedToken | PostponedRenewal> {
  const { clock, random, emit, timeout, request } = settings
  const own = call.ownToken()
  const { look, acquireLease, forgetRejected, save, release } = createStoreCalls(settings, {
    ms: computeStoreLimit({ spare: own.spare, isFirst: settings.isFirst }),
    leaseDuration: computeLeaseDuration(timeout),
  })
  const until = clock.monotonic() + computePatience(timeout, random())
  let isAnswering = true
  await forgetRejected(call.rejected())

  const first = await look()
  if (first === noAnswer) return withoutStore()
  if (first !== undefined && isWanted(first)) return first
  const unwanted = first?.token.value

  for (let looks = 0; ; looks += 1) {
    const lease = await acquireLease()
    if (lease === noAnswer) return withoutStore()
    if (lease !== 'taken') return requestWith(lease)
    // Another member makes the token request, and nobody waits for this one.
    if (call.ownToken().spare > 0) return postpone()
    const left = until - clock.monotonic()
    if (left <= 0) {
      emit({ type: 'store-failed', operation: 'lease', reason: 'taken-too-long' })
      return requestWith(undefined)
    }
    await clock.wait(Math.min(left, computePoll(looks, random())), call.signal)
    const found = await look()
    if (found === noAnswer) return withoutStore()
    if (found !== undefined && found.token.value !== unwanted) return found
  }

  /** A forced renewal accepts a token only if another member obtained it after its start. */
  function isWanted({ token }: IssuedToken): boolean {
    if (!call.forceRenewal) return true
    const isOther = own.value !== undefined && own.value !== token.value
    return isOther && token.issuedAt > settings.startedAt
  }

  /** Makes the token request, and stores the token for the other members. */
  async function requestWith(lease: Lease | undefined): Promise<IssuedToken> {
    let isPaced = false
    try {
      const again = lease && (await look())
      if (again && again !== noAnswer && again.token.value !== unwanted) return again
      const issued = await request()
      const stored = save(issued)
      // A silent store holds up nobody a second time.
      if (isAnswering) await stored
      return issued
    } catch (error) {
      // The end of the lease paces the other members.
      isPaced =
        error instanceof TokenRequestFailure && error.error.retryable && !call.closing.aborted
      throw error
    } finally {
      if (lease !== undefined && !isPaced) await release(lease)
    }
  }

  function withoutStore(): Promise<IssuedToken> | PostponedRenewal {
    isAnswering = false
    return goesAlone(call.ownToken(), random()) ? requestWith(undefined) : postpone()
  }

  function postpone(): PostponedRenewal {
    return { pause: computePostponement(call.ownToken().spare, random()) }
  }
}
