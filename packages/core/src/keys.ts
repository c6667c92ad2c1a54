export { keyThumbprint, publicJwks } from './keys/public-jwks.js'
