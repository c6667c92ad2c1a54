// @module-tag K11

import { Buffer } from 'node:buffer'
import { generateKeyPairSync, sign, verify } from 'node:crypto'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { formatSignature } from '#core/assertion/signature-form.js'

/** Long enough to shrink a failure. A test that is stopped before never prints the seed. */
vi.setConfig({ testTimeout: 120_000 })

/** A positive integer as DER writes it: no more bytes than it needs, and a zero before a high bit. */
function derInteger(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0)
  const bare = Buffer.from(first === -1 ? [0] : bytes.subarray(first))
  const padded = (bare[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bare]) : bare
  return Buffer.concat([Buffer.of(0x02, padded.length), padded])
}

function derOf(raw: Uint8Array): Buffer {
  const body = Buffer.concat([raw.subarray(0, 32), raw.subarray(32)].map(derInteger))
  return Buffer.concat([Buffer.of(0x30, body.length), body])
}

/** 32 bytes of which many begin with zeros or a high bit. */
const integer = fc
  .tuple(
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 31 })),
    fc.constantFrom(undefined, 0x01, 0x7f, 0x80, 0xff),
  )
  .map(([bytes, zeros, first]) => {
    bytes.fill(0, 0, zeros)
    if (first !== undefined) bytes[zeros] = first
    return bytes
  })
const signature = fc.tuple(integer, integer).map(([r, s]) => Buffer.concat([r, s]))

test('DER of any r and s becomes 32 bytes each, with leading zeros', () => {
  fc.assert(
    fc.property(signature, (raw) => {
      const der = derOf(raw)
      // 64 bytes are r and s, as they are: no test of their form could tell for sure.
      const expected = der.length === 64 ? der : raw
      expect(Buffer.from(formatSignature(der, 'ES256'))).toEqual(Buffer.from(expected))
    }),
    { numRuns: 2_000 },
  )
})

test('so does DER in the middle of a larger buffer', () => {
  fc.assert(
    fc.property(signature, fc.nat(40), fc.nat(40), (raw, before, after) => {
      const der = derOf(raw)
      fc.pre(der.length !== 64)
      const pool = Buffer.concat([Buffer.alloc(before, 0x30), der, Buffer.alloc(after, 0x02)])
      const part = pool.subarray(before, before + der.length)
      expect(Buffer.from(formatSignature(part, 'ES256'))).toEqual(raw)
    }),
  )
})

test('r and s of 32 bytes each stay as they are', () => {
  fc.assert(
    fc.property(signature, (raw) => {
      expect(Buffer.from(formatSignature(raw, 'ES256'))).toEqual(raw)
    }),
  )
})

test('500 signatures that the platform made in DER verify in the form of JOSE', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const lengths = new Set<number>()
  for (let count = 0; count < 500; count++) {
    const input = Buffer.from(`header.${count}`)
    const der = sign('sha256', input, { key: privateKey, dsaEncoding: 'der' })
    lengths.add(der.length)
    const raw = formatSignature(der, 'ES256')
    expect(raw).toHaveLength(64)
    const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
    expect(verify('sha256', input, key, raw)).toBe(true)
  }
  // With and without the zero before a high bit, of r and of s.
  expect([...lengths]).toEqual(expect.arrayContaining([70, 71, 72]))
})

test('other bytes are rejected', () => {
  const rejected = (bytes: Uint8Array) => () => formatSignature(bytes, 'ES256')
  const message = (length: number) =>
    `signer.sign() returned ${length} bytes instead of an ES256 signature: a Uint8Array of 64 bytes, or DER.`
  fc.assert(
    fc.property(
      signature,
      fc.nat(),
      fc.constantFrom('cut', 'longer', 'tag', 'length'),
      (raw, at, how) => {
        const der = derOf(raw)
        const spoilt = spoil(der, at, how)
        fc.pre(spoilt.length !== 64)
        expect(rejected(spoilt)).toThrow(message(spoilt.length))
      },
    ),
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      fc.pre(bytes.length !== 64 && bytes[0] !== 0x30)
      expect(rejected(bytes)).toThrow(message(bytes.length))
    }),
  )
})

function spoil(der: Buffer, at: number, how: string): Uint8Array {
  if (how === 'cut') return der.subarray(0, at % der.length)
  if (how === 'longer') return Buffer.concat([der, Buffer.of(at % 256)])
  const spoilt = Buffer.from(der)
  const second = 4 + (der[3] ?? 0)
  // Not the length of r: what follows might be an integer again, by chance.
  const places = how === 'tag' ? [0, 2, second] : [1, second + 1]
  const place = places[at % places.length] ?? 0
  spoilt[place] = ((spoilt[place] ?? 0) + 1 + (at % 100)) % 256
  return spoilt
}
