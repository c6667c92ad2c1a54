import { memoryStore } from '@countersign/core'
import { tokenStoreSuite } from '@countersign/testing'
import { describe, test } from 'vitest'

describe('memoryStore keeps what a TokenStore promises', () => {
  const makeHandles = async () => {
    const store = memoryStore()
    return [store, { ...store }] as const
  }
  for (const { name, run } of tokenStoreSuite(makeHandles)) test(name, run)
})
