import type { SigningKey } from './sent-assertion.js'

/** Remembers the key of the last assertion that got a token: a key that is new may not be known yet. */
export interface AcceptedKey {
  last(): SigningKey | undefined
  note(key: SigningKey): void
}

export function acceptedKey(): AcceptedKey {
  let last: SigningKey | undefined
  return {
    last: () => last,
    note({ kid, thumbprint }) {
      last = { kid, thumbprint }
    },
  }
}
