export { authorizationHooks } from './authorization-hooks.js'
