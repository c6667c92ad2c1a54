import { expect, test } from 'vitest'
import { bearerChallenge, isAboutToken } from '#core/resource/bearer-challenge.js'

test.each(['"', '\\', '=', ',', ' ', 'a ', 'a=', 'a="', 'Bearer ', 'Bearer a="\\', 'a=b,'])(
  'U8: reading a challenge of repeated %j costs no more than its length',
  (piece) => {
    const cost = (count: number) => {
      let reads = 0
      const text = piece.repeat(count)
      const counted = {
        length: text.length,
        charCodeAt: (at: number) => {
          reads++
          return text.charCodeAt(at)
        },
        slice: (from: number, to: number) => {
          reads += to - from
          return text.slice(from, to)
        },
        trim: () => text.trim(),
      }
      const header = new Proxy(counted, {
        get: (target, name) => {
          if (name in target) return Reflect.get(target, name)
          reads++
          return text[Number(name)]
        },
      }) as unknown as string
      bearerChallenge(header)
      isAboutToken(header)
      return reads
    }

    expect(cost(20_000)).toBeLessThan(cost(2_000) * 11)
    expect(cost(2_000)).toBeLessThan(2_000 * piece.length * 12)
  },
)
