/**
 * How many client assertions a process signs in a second, each in a token request of its own
 * whose `fetch` is a stub. `node bench/sign.ts [algorithm …]`, after `pnpm build`.
 */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import process from 'node:process'
import { createTokenProvider, type TokenProvider } from '@countersign/core'

/** Assertions a second that are promised at the least. */
const least = { ES256: 2000, PS256: 500, RS256: 500 } as const
type Algorithm = keyof typeof least

const algorithms = (Object.keys(least) as Algorithm[]).filter(
  (alg) => process.argv.length === 2 || process.argv.includes(alg),
)
const rounds = 7
const roundMillis = 1000
const atOnce = 16

console.log(
  `${rounds} rounds of ${roundMillis / 1000} s after one to warm up, ${atOnce} token requests under way at once,`,
)
console.log('each with a new assertion; RSA keys have 2048 bits. Fails below the bound.')
console.log(`Node ${process.version}, ${process.platform} ${process.arch}.\n`)
console.log(row('', ['median/s', 'slowest/s', 'bound', 'key imports', 'assertions']))

for (const alg of algorithms) {
  const imports = countImports()
  const { tokens, signed } = signer(alg)
  const perSecond: number[] = []
  for (let round = -1; round < rounds; round++) {
    const before = { count: signed(), at: performance.now() }
    await run(tokens, before.at + roundMillis)
    const rate = (signed() - before.count) / ((performance.now() - before.at) / 1000)
    if (round >= 0) perSecond.push(rate)
  }
  perSecond.sort((a, b) => a - b)
  const median = perSecond[perSecond.length >> 1] as number
  const isSlow = median < least[alg]
  if (isSlow) process.exitCode = 1
  const numbers = [median, perSecond[0] as number, least[alg], imports(), signed()]
  console.log(
    row(
      alg,
      numbers.map((number) => number.toFixed(0)),
    ) + (isSlow ? '  too slow' : ''),
  )
}

function signer(alg: Algorithm): { tokens: TokenProvider; signed: () => number } {
  let count = 0
  const body = JSON.stringify({ access_token: 't', token_type: 'Bearer', expires_in: 86_400 })
  const tokens = createTokenProvider({
    clientId: 'bench',
    tokenEndpoint: 'https://login.example.com/token',
    key: newKey(alg).export({ type: 'pkcs8', format: 'pem' }).toString(),
    alg,
    fetch: async (_, init) => {
      if (!String(init.body).includes('client_assertion=eyJ')) throw new Error('No assertion.')
      count += 1
      return new Response(body)
    },
  })
  return { tokens, signed: () => count }
}

/** A token request for each of some scopes, again and again: those of one scope share one. */
async function run(tokens: TokenProvider, until: number): Promise<void> {
  const scopes = Array.from({ length: atOnce }, (_, index) => `scope-${index}`)
  await Promise.all(
    scopes.map(async (scope) => {
      while (performance.now() < until) await tokens.getAccessToken({ scope, forceRenewal: true })
    }),
  )
}

/** How often a key is imported from here on. */
function countImports(): () => number {
  let count = 0
  crypto.subtle.importKey = new Proxy(crypto.subtle.importKey, {
    apply(target, self, given) {
      count += 1
      return Reflect.apply(target, self, given)
    },
  })
  return () => count
}

function newKey(alg: Algorithm): KeyObject {
  return alg === 'ES256'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    : generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
}

function row(name: string, cells: readonly string[]): string {
  return name.padEnd(8) + cells.map((cell) => cell.padStart(13)).join('')
}
