import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { copyBody } from '#core/resource/body.js'

const megabyte = 1024 * 1024

/** Creates a request whose body has these chunks, and records how it was released. */
function requestOf(chunks: readonly Uint8Array[], end: 'close' | 'hang' | Error = 'close') {
  const seen = { pulled: 0, cancelled: 0 }
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = chunks[seen.pulled]
        if (chunk !== undefined) controller.enqueue(chunk)
        else if (end === 'close') controller.close()
        else if (end !== 'hang') controller.error(end)
        if (chunk !== undefined) seen.pulled += 1
        return end === 'hang' && chunk === undefined ? new Promise(() => {}) : undefined
      },
      cancel() {
        seen.cancelled += 1
      },
    },
    { highWaterMark: 0 },
  )
  const options = { method: 'POST', body, duplex: 'half' } as const
  return { seen, request: new Request('https://api.example/', options) }
}

afterEach(() => {
  vi.useRealTimers()
})

describe('a copy of a body that can be read once', () => {
  test('has its bytes, in order, however they came', { tags: ['U11'] }, async () => {
    const { request, seen } = requestOf([Buffer.from('on'), Buffer.from('e '), Buffer.from('two')])
    const copy = await copyBody(request).read()
    expect(Buffer.from(copy as Uint8Array).toString()).toBe('one two')
    expect(copy).toHaveLength(7)
    expect(seen.cancelled).toBe(0)
  })

  test('has no bytes of an empty body', { tags: ['U11'] }, async () => {
    expect(await copyBody(requestOf([]).request).read()).toEqual(new Uint8Array(0))
  })

  test('is null where there is no body at all', { tags: ['U11'] }, async () => {
    const copy = copyBody(new Request('https://api.example/', { method: 'POST' }))
    expect(await copy.read()).toBeNull()
    expect(() => copy.cancel()).not.toThrow()
  })

  test('holds a mebibyte and no more, and the rest is never read', async () => {
    const half = new Uint8Array(megabyte / 2)
    expect(await copyBody(requestOf([half, half]).request).read()).toHaveLength(megabyte)
    const { request, seen } = requestOf([half, half, new Uint8Array(1), half, half])
    expect(await copyBody(request).read()).toBeUndefined()
    expect(seen).toEqual({ pulled: 3, cancelled: 1 })
  })

  test('is none of a body that breaks off', async () => {
    const broken = requestOf([Buffer.from('on')], new Error('broken'))
    expect(await copyBody(broken.request).read()).toBeUndefined()
  })

  test('is waited for a second, in which it may still come', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const copy = copyBody(requestOf([Buffer.from('on')], 'hang').request)
    let read: unknown = 'still waiting'
    const done = copy.read().then((bytes) => {
      read = bytes
    })
    await vi.advanceTimersByTimeAsync(999)
    expect(read).toBe('still waiting')
    await vi.advanceTimersByTimeAsync(1)
    await done
    expect(read).toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('leaves no timer behind when it came', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    expect(await copyBody(requestOf([Buffer.from('one')]).request).read()).toHaveLength(3)
    await setImmediate()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('is released when it is not needed any more, without an error', {
    tags: ['U15'],
  }, async () => {
    const unhandled: unknown[] = []
    const note = (reason: unknown) => unhandled.push(reason)
    process.on('unhandledRejection', note)
    onTestFinished(() => void process.off('unhandledRejection', note))
    const { request, seen } = requestOf([], 'hang')
    copyBody(request).cancel()
    expect(seen.cancelled).toBe(1)
    const broken = copyBody(requestOf([], new Error('broken')).request)
    await broken.read()
    broken.cancel()
    await setImmediate()
    await setImmediate()
    expect(unhandled).toEqual([])
  })
})
