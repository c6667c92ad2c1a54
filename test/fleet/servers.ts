import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A Redis server of a test, on a port of its own. */
export interface RedisServer extends AsyncDisposable {
  readonly port: number
  /** Sends a command with redis-cli, and returns what it prints. */
  cli(...args: readonly string[]): Promise<string>
  /** Stops the process as a debugger would: connections stay open and nothing answers. */
  pause(): void
  resume(): void
  /** Ends the process at once. */
  kill(): Promise<void>
  /** Starts it again, empty, on the same port. */
  restart(): Promise<void>
  /** Returns the bytes of all keys and values. */
  dump(): Promise<string>
}

/** Finds a port that is free now. Redis has a second one for a cluster, 10,000 above. */
async function findPort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    if (port < 55_000) return port
  }
}

/** Starts a Redis server without persistence. It ends with the returned object. */
export async function startRedis(...args: readonly string[]): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-redis-'))
  const port = await findPort()
  let child = await launch()

  async function launch(): Promise<ChildProcess> {
    const own = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder]
    const server = spawn('redis-server', [...own, ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
    for await (const line of createInterface({ input: server.stdout }))
      if (line.includes('Ready to accept connections')) break
    server.stdout.resume()
    return server
  }

  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGCONT')
    child.kill('SIGKILL')
    await once(child, 'close')
  }
  const cli = async (...command: readonly string[]) =>
    (await run('redis-cli', ['-p', String(port), ...command])).stdout.trim()
  return {
    port,
    cli,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    kill,
    async restart() {
      await kill()
      child = await launch()
    },
    async dump() {
      const keys = (await cli('KEYS', '*')).split('\n')
      const values = await Promise.all(keys.map((key) => cli('GET', key)))
      return [...keys, ...values].join('\n')
    },
    async [Symbol.asyncDispose]() {
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Starts a cluster of three nodes. */
export async function startCluster() {
  const options = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000']
  const nodes = await Promise.all([1, 2, 3].map(() => startRedis(...options)))
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`)
  await run('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes'])
  for (const node of nodes)
    while (!(await node.cli('CLUSTER', 'INFO')).includes('cluster_state:ok'));
  return {
    nodes,
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()))
    },
  }
}

/** Starts a sentinel that watches one primary, and soon after its end promotes the replica. */
export async function startSentinel(primary: RedisServer) {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-sentinel-'))
  const port = await findPort()
  const file = join(folder, 'sentinel.conf')
  const settings = [
    ...[`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`],
    `sentinel monitor main 127.0.0.1 ${primary.port} 1`,
    ...['sentinel down-after-milliseconds main 500', 'sentinel failover-timeout main 2000'],
  ]
  await writeFile(file, settings.join('\n'))
  const child = spawn('redis-server', [file, '--sentinel'], { stdio: ['ignore', 'pipe', 'ignore'] })
  for await (const line of createInterface({ input: child.stdout }))
    if (line.includes('+monitor master')) break
  child.stdout.resume()
  const cli = async (...command: readonly string[]) =>
    (await run('redis-cli', ['-p', String(port), 'SENTINEL', ...command])).stdout
  return {
    port,
    /** Resolves when the sentinel knows the replica. */
    async waitForReplica({ port: wanted }: RedisServer) {
      while (!(await cli('REPLICAS', 'main')).includes(String(wanted)));
    },
    /** Resolves when the sentinel sends clients to this server, which accepts writes. */
    async waitForPrimary({ port: wanted, cli: ask }: RedisServer) {
      while (!(await cli('GET-MASTER-ADDR-BY-NAME', 'main')).includes(String(wanted)));
      while (!(await ask('ROLE')).startsWith('master'));
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await once(child, 'close')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Starts a PostgreSQL server, as the user postgres, because it does not run as root. */
export async function startPostgres() {
  const [initdb] = globSync('/usr/lib/postgresql/*/bin/initdb')
  if (initdb === undefined) throw new Error('PostgreSQL is not installed.')
  const folder = await mkdtemp(join(tmpdir(), 'countersign-postgres-'))
  const isRoot = process.getuid?.() === 0
  if (isRoot) await run('chown', ['postgres', folder])
  const as = (...command: readonly [string, ...string[]]) =>
    isRoot
      ? run('runuser', ['-u', 'postgres', '--', ...command])
      : run(command[0], command.slice(1))
  const data = join(folder, 'data')
  await as(initdb, '-D', data, '-A', 'trust', '-U', 'postgres', '--no-sync')
  const port = await findPort()
  const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${folder} -c fsync=off`
  const control = initdb.replace(/initdb$/, 'pg_ctl')
  const log = join(folder, 'log')
  await as(control, '-D', data, '-w', '-l', log, '-o', settings, 'start')
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async [Symbol.asyncDispose]() {
      await as(control, '-D', data, '-m', 'immediate', 'stop')
      await rm(folder, { recursive: true, force: true })
    },
  }
}
