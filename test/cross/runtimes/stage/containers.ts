export type Container = 'PKCS#1' | 'SEC1' | 'encrypted PKCS#8'

export const passphrase = 'of a test'
