import { Readable } from 'node:stream'

const text = 'streamed text'

export function nodeStream(): Readable {
  return Readable.from([Buffer.from(text)], { objectMode: false })
}

export function webStream(): ReadableStream {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text))
      controller.close()
    },
  })
}

export async function* asyncIterable(): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text)
}
