import crypto, { generateKeyPairSync } from 'node:crypto'
import { createTokenProvider } from '@countersign/core'
import { expect, test, vi } from 'vitest'

const passphrase = 'correct horse'
const newEncryptedKey = () =>
  String(
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
      ...{ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase },
    }),
  )

test('derives the key of the same PEM and passphrase once per process', () => {
  using decrypt = vi.spyOn(crypto, 'createPrivateKey')
  const [key, other] = [newEncryptedKey(), newEncryptedKey()]
  const options = { clientId: 'client-1', tokenEndpoint: 'https://as.example.com/token' }
  const create = (pem: string, secret: string) =>
    createTokenProvider({ ...options, key: pem, passphrase: secret })
  create(key, passphrase)
  create(key, passphrase)
  expect(decrypt).toHaveBeenCalledTimes(1)
  create(other, passphrase)
  expect(decrypt).toHaveBeenCalledTimes(2)
  for (const _ of [1, 2]) expect(() => create(key, 'wrong pony')).toThrow(/passphrase/)
  expect(decrypt).toHaveBeenCalledTimes(4)
})
