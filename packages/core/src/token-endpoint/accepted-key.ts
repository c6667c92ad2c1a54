import type { ShownKey } from './sent-assertion.js'

/** Remembers the key of the last assertion that got a token: a key that is new may not be known yet. */
export interface AcceptedKey {
  last(): ShownKey | undefined
  note(key: ShownKey): void
}

export function acceptedKey(): AcceptedKey {
  let last: ShownKey | undefined
  return {
    last: () => last,
    note({ kid, thumbprint }) {
      last = { kid, thumbprint }
    },
  }
}
