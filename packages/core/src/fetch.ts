export { authorizedFetch, type AuthorizedFetch } from './resource/authorized-fetch.js'
