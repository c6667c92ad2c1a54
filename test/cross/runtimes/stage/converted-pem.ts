import { createPrivateKey, type KeyObject } from 'node:crypto'
import { type Container, passphrase } from '../suite/command.ts'

const exported: Readonly<Record<Container, (key: KeyObject) => string | Buffer>> = {
  'PKCS#1': (key) => key.export({ type: 'pkcs1', format: 'pem' }),
  SEC1: (key) => key.export({ type: 'sec1', format: 'pem' }),
  'encrypted PKCS#8': (key) =>
    key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }),
}

/** A PKCS#8 PEM in another container, which not every runtime can make, or read. */
export function convertedPem({ pem, container }: { pem: string; container: Container }): string {
  return exported[container](createPrivateKey(pem)).toString()
}
