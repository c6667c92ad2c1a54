export type { IoredisClient, NodeRedisClient, RedisCommand } from './redis-command.js'
export { type RedisStoreOptions, redisStore } from './redis-store.js'
export { RedisStoreError } from './redis-store-error.js'
