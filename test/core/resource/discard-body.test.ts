// @module-tag U15

import { setImmediate } from 'node:timers/promises'
import { discardBody } from '@countersign/core/adapter'
import { expect, onTestFinished, test } from 'vitest'

test('a web stream is cancelled', () => {
  const calls: string[] = []
  discardBody(new ReadableStream({ cancel: () => void calls.push('cancelled') }))
  expect(calls).toEqual(['cancelled'])
})

test('a Node stream is destroyed, and its error is nobody’s', () => {
  const calls: unknown[] = []
  const stream = {
    on: (event: string, listener: () => unknown) => calls.push(event, listener()),
    destroy: () => calls.push('destroyed'),
  }
  discardBody(stream)
  expect(calls).toEqual(['error', undefined, 'destroyed'])
  discardBody({ destroy: () => calls.push('destroyed too') })
  expect(calls.at(-1)).toBe('destroyed too')
})

test('a stream that can do both is cancelled', () => {
  const calls: string[] = []
  discardBody({ cancel: () => calls.push('cancel'), destroy: () => calls.push('destroy') })
  expect(calls).toEqual(['cancel'])
})

test.each([[undefined], [null], ['text'], [{}], [{ cancel: true, destroy: 1 }]])(
  '%j is left alone',
  (body) => {
    expect(() => discardBody(body)).not.toThrow()
  },
)

test('ignores a stream that cannot be cancelled', async () => {
  const unhandled: unknown[] = []
  const note = (reason: unknown) => unhandled.push(reason)
  process.on('unhandledRejection', note)
  onTestFinished(() => void process.off('unhandledRejection', note))
  const fail = (): never => {
    throw new Error('out of order')
  }
  expect(() => discardBody({ cancel: fail })).not.toThrow()
  expect(() => discardBody({ destroy: fail })).not.toThrow()
  discardBody({ cancel: () => Promise.reject(new Error('out of order')) })
  await setImmediate()
  await setImmediate()
  expect(unhandled).toEqual([])
})
