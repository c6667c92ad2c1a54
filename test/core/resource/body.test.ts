import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { discardBody, isReplayableBody } from '@countersign/core/adapter'
import FormDataPackage from 'form-data'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { copyBody } from '#core/resource/body.js'

afterEach(() => {
  vi.useRealTimers()
})

describe('a body that can be sent again', { tags: ['U11'] }, () => {
  test.each([
    ['no body', undefined],
    ['a body of null', null],
    ['text', 'text'],
    ['a number', 42],
    ['URLSearchParams', new URLSearchParams({ a: '1' })],
    ['FormData', new FormData()],
    ['a Blob', new Blob(['a'])],
    ['a File', new File(['a'], 'a.txt')],
    ['an ArrayBuffer', new ArrayBuffer(3)],
    ['a SharedArrayBuffer', new SharedArrayBuffer(3)],
    ['a DataView', new DataView(new ArrayBuffer(3))],
    ['a Buffer', Buffer.from('a')],
  ])('is %s', (_, body) => {
    expect(isReplayableBody(body)).toBe(true)
  })

  test.each([new URLSearchParams({ a: '1' }), new FormData(), new Blob(['a'])])(
    'is %s where classes have no tag (old dates of Cloudflare Workers)',
    (body) => {
      Object.defineProperty(body, Symbol.toStringTag, { value: undefined })
      expect(isReplayableBody(body)).toBe(true)
    },
  )
})

describe('a body that can be read once', { tags: ['U12'] }, () => {
  test.each([
    ['a web stream', new Blob(['a']).stream()],
    ['a Node.js stream', Readable.from(['a'])],
    ['an async iterable', (async function* () {})()],
    ['a form of the form-data package', new FormDataPackage()],
    ['bytes that are also a stream', Object.assign(new Uint8Array(1), { pipe() {} })],
    ['an object without a prototype', Object.create(null)],
    ['a function', () => 'text'],
    ['a symbol', Symbol('body')],
  ])('is %s', (_, body) => {
    expect(isReplayableBody(body)).toBe(false)
  })

  test('is a form where the runtime has no class for it', () => {
    const form = new FormData()
    Object.defineProperty(form, Symbol.toStringTag, { value: undefined })
    vi.stubGlobal('FormData', undefined)
    onTestFinished(() => void vi.unstubAllGlobals())
    expect(isReplayableBody(form)).toBe(false)
  })
})

describe('a copy of a body that can be read once', () => {
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

  test.each([
    [[], ''],
    [['on', 'e ', 'two'], 'one two'],
  ])('has the bytes of the chunks %j, in order', { tags: ['U11'] }, async (chunks, text) => {
    const { request, seen } = requestOf(chunks.map((chunk) => Buffer.from(chunk)))
    const copy = await copyBody(request).read()
    expect(copy).toEqual(new Uint8Array(Buffer.from(text)))
    expect(seen.cancelled).toBe(0)
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

  test('is released without an error, also if the body breaks off', { tags: ['U15'] }, async () => {
    const unhandled = watchUnhandled()
    const { request, seen } = requestOf([], 'hang')
    copyBody(request).cancel()
    expect(seen.cancelled).toBe(1)
    const broken = copyBody(requestOf([Buffer.from('on')], new Error('broken')).request)
    expect(await broken.read()).toBeUndefined()
    broken.cancel()
    expect(await unhandled()).toEqual([])
  })
})

describe('discarding a body', { tags: ['U15'] }, () => {
  test('cancels a web stream', () => {
    const cancel = vi.fn()
    discardBody(new ReadableStream({ cancel }))
    expect(cancel).toHaveBeenCalledOnce()
  })

  test('destroys a Node.js stream and handles its error', () => {
    const calls: unknown[] = []
    const stream = {
      on: (event: string, listener: () => unknown) => calls.push(event, listener()),
      destroy: () => calls.push('destroyed'),
    }
    discardBody(stream)
    discardBody({ destroy: () => calls.push('destroyed too') })
    expect(calls).toEqual(['error', undefined, 'destroyed', 'destroyed too'])
  })

  test('cancels a stream that can also be destroyed', () => {
    const stream = { cancel: vi.fn(), destroy: vi.fn() }
    discardBody(stream)
    expect([stream.cancel.mock.calls.length, stream.destroy.mock.calls.length]).toEqual([1, 0])
  })

  test.each([[undefined], [null], ['text'], [{}], [{ cancel: true, destroy: 1 }]])(
    'leaves %j alone',
    (body) => {
      expect(() => discardBody(body)).not.toThrow()
    },
  )

  test('ignores a stream that cannot be cancelled', async () => {
    const unhandled = watchUnhandled()
    const fail = (): never => {
      throw new Error('out of order')
    }
    expect(() => discardBody({ cancel: fail })).not.toThrow()
    expect(() => discardBody({ destroy: fail })).not.toThrow()
    discardBody({ cancel: async () => fail() })
    expect(await unhandled()).toEqual([])
  })
})

/** Returns a function that resolves to the rejections that nobody has handled. */
function watchUnhandled(): () => Promise<readonly unknown[]> {
  const unhandled: unknown[] = []
  const note = (reason: unknown) => void unhandled.push(reason)
  process.on('unhandledRejection', note)
  onTestFinished(() => void process.off('unhandledRejection', note))
  return async () => {
    await setImmediate()
    await setImmediate()
    return unhandled
  }
}
