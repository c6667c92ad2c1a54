export { keyThumbprint, publicJwks } from './assertion/public-jwks.js'
