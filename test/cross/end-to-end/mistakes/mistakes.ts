import type { Mistake } from './mistake.ts'
import { oidcProviderMistakes } from './oidc-provider-mistakes.ts'
import { testKitMistakes } from './test-kit-mistakes.ts'
import { webMistakes } from './web-mistakes.ts'

/** The twenty mistakes that people make first. */
export const mistakes: readonly Mistake[] = [
  ...oidcProviderMistakes,
  ...testKitMistakes,
  ...webMistakes,
]
