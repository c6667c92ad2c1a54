import { Readable } from 'node:stream'
import { isReplayableBody } from '@countersign/core/adapter'
import FormDataPackage from 'form-data'
import { expect, test } from 'vitest'

const bytes = new Uint8Array([1, 2, 3])

test.each([
  ['no body', undefined],
  ['a body of null', null],
  ['text', 'text'],
  ['empty text', ''],
  ['a number', 42],
  ['a boolean', false],
  ['a bigint', 1n],
  ['URLSearchParams', new URLSearchParams({ a: '1' })],
  ['FormData', new FormData()],
  ['a Blob', new Blob(['a'])],
  ['a File', new File(['a'], 'a.txt')],
  ['an ArrayBuffer', bytes.buffer],
  ['a SharedArrayBuffer', new SharedArrayBuffer(3)],
  ['a typed array', bytes],
  ['a DataView', new DataView(bytes.buffer)],
  ['a Buffer', Buffer.from('a')],
])('%s can be sent again', { tags: ['U11'] }, (_, body) => {
  expect(isReplayableBody(body)).toBe(true)
})

test.each([
  new URLSearchParams({ a: '1' }),
  new FormData(),
  new Blob(['a']),
  new File(['a'], 'a.txt'),
])(
  '%s can be sent again where classes have no tag (old dates of Cloudflare Workers)',
  { tags: ['U11'] },
  (body) => {
    Object.defineProperty(body, Symbol.toStringTag, { value: undefined })
    expect(isReplayableBody(body)).toBe(true)
  },
)

test('a stream is sent once where classes have no tag', { tags: ['U12'] }, () => {
  const stream = new Blob(['a']).stream()
  Object.defineProperty(stream, Symbol.toStringTag, { value: undefined })
  expect(isReplayableBody(stream)).toBe(false)
})

test('what the runtime has no class for is sent once', { tags: ['U12'] }, ({ onTestFinished }) => {
  const { FormData } = globalThis
  const form = new FormData()
  Object.defineProperty(form, Symbol.toStringTag, { value: undefined })
  Reflect.deleteProperty(globalThis, 'FormData')
  onTestFinished(() => void Object.assign(globalThis, { FormData }))
  expect(isReplayableBody(form)).toBe(false)
})

test.each([
  ['a web stream', new Blob(['a']).stream()],
  ['a Node stream', Readable.from(['a'])],
  ['an async iterable', (async function* () {})()],
  ['the form-data package', new FormDataPackage()],
  ['bytes that are also a stream', Object.assign(new Uint8Array(1), { pipe() {} })],
  ['a plain object', {}],
  ['an object without a prototype', Object.create(null)],
  ['a function', () => 'text'],
  ['a symbol', Symbol('body')],
])('%s is sent once', { tags: ['U12'] }, (_, body) => {
  expect(isReplayableBody(body)).toBe(false)
})
