import type { Mistake } from './mistake.ts'
import { oidcProviderMistakes } from './oidc-provider-mistakes.ts'
import { testKitMistakes } from './test-kit-mistakes.ts'
import { webMistakes } from './web-mistakes.ts'

/** The twenty most common mistakes. */
export const mistakes: readonly Mistake[] = [
  ...oidcProviderMistakes,
  ...testKitMistakes,
  ...webMistakes,
]
