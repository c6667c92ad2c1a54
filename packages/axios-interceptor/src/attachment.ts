import { ConfigurationError } from '@countersign/core'
import type { AttachedProvider } from '@countersign/core/adapter'

/** The options that decide where the token goes and when it is renewed. */
export interface Terms {
  readonly list: string
  readonly isTokenRejected: unknown
}

/** One provider on one instance. */
export interface Attachment extends AttachedProvider {
  /** What it was attached with, for comparison. */
  readonly terms: Terms
  readonly eject: () => void
}

/** The mark of an interceptor of ours: the instance itself holds the state, for any copy of this package. */
const mark: unique symbol = Symbol.for('countersign.attachment')

interface Handler {
  readonly fulfilled?: { readonly [mark]?: Attachment } | null
}

export function markInterceptor(interceptor: object, attachment: Attachment): void {
  Object.assign(interceptor, { [mark]: attachment })
}

/** The attachments of an instance, by any copy of this package. */
export function listAttachments(manager: object): readonly Attachment[] {
  const found: Attachment[] = []
  const { forEach } = manager as { forEach?: (visit: (handler: Handler) => void) => void }
  forEach?.call(manager, ({ fulfilled }) => {
    const known = fulfilled?.[mark]
    if (known !== undefined) found.push(known)
  })
  return found
}

/** @throws {ConfigurationError} for other terms: silence would leave an origin without its token. */
export function requireSameTerms({ terms }: Attachment, wanted: Terms): void {
  if (terms.list === wanted.list && terms.isTokenRejected === wanted.isTokenRejected) return
  throw new ConfigurationError(
    'ERR_INVALID_OPTION',
    'This provider is attached to this instance already, with other options: call its eject first, or name all origins at once.',
    'origins',
  )
}
