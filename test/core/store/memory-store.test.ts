import { memoryStore } from '@countersign/core'
import { tokenStoreSuite } from '@countersign/testing'
import { describe, test } from 'vitest'

describe('memoryStore keeps what a TokenStore promises', () => {
  for (const { name, run } of tokenStoreSuite(async () => memoryStore())) test(name, run)
})
