export { type KeyvLike, keyvStore } from './store/keyv-store.js'
export { type EncryptionKey, type SealOptions, sealedStore } from './store/sealed-store.js'
