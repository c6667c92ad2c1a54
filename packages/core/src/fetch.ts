export { type AuthorizedFetch, authorizedFetch } from './resource/authorized-fetch.js'
