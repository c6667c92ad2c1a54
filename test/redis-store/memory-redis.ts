import type { IoredisClient, NodeRedisClient, RedisCommand } from '@countersign/redis-store'

/** The commands of the store in memory: `pnpm test` has no server. `pnpm test:fleet` has real ones. */
export function createMemoryRedis({ hasScripts = true } = {}) {
  const records = new Map<string, { value: string; until: number }>()
  const read = (key: string) => {
    const record = records.get(key)
    return record && record.until > Date.now() ? record : undefined
  }
  const commands: Record<string, (...args: string[]) => unknown> = {
    get: (key = '') => read(key)?.value ?? null,
    pttl(key = '') {
      const record = read(key)
      return record ? record.until - Date.now() : -2
    },
    del: (key = '') => Number(records.delete(key)),
    set(key = '', value = '', unit, ms, condition) {
      if (unit !== 'PX' || !/^[1-9]\d*$/.test(`${ms}`)) throw new Error('ERR syntax error')
      if (condition === 'NX' && read(key)) return null
      records.set(key, { value, until: Date.now() + Number(ms) })
      return 'OK'
    },
    eval(script, count, key = '', argument) {
      if (!hasScripts) throw new Error('NOPERM this user has no permissions to run eval')
      if (!script?.includes('redis.call') || count !== '1') throw new Error('ERR syntax error')
      return read(key)?.value === argument ? Number(records.delete(key)) : 0
    },
  }
  const send = async (name: string, ...args: string[]) => {
    const command = commands[name]
    if (command === undefined) throw new Error('ERR unknown command')
    return command(...args)
  }
  const ioredis: IoredisClient = { status: 'ready', call: send }
  const nodeRedis: NodeRedisClient = {
    get: (key) => send('get', key),
    pTTL: (key) => send('pttl', key),
    del: (key) => send('del', key),
    set: (key, value, { PX, NX }) => send('set', key, value, 'PX', `${PX}`, ...(NX ? ['NX'] : [])),
    eval: (script, { keys, arguments: args }) =>
      send('eval', script, `${keys.length}`, ...keys, ...args),
  }
  const command: RedisCommand = (args, { key }) =>
    args.includes(key) ? send(...args) : Promise.reject(new Error('ERR another key'))
  return { records, clients: { ioredis, nodeRedis, command } }
}
