/**
 * How many client assertions a process signs per second, each in a token request of its own with a
 * stubbed `fetch`: `node bench/sign.ts [algorithm …]`, after `pnpm build`.
 */
import { generateKeyPairSync } from 'node:crypto'
import process from 'node:process'
import { createTokenProvider } from '@countersign/core'
import { formatRow, median } from './measure.ts'

/** The lowest number of assertions per second that passes. */
const bounds = { ES256: 2000, PS256: 500, RS256: 500 } as const
type Algorithm = keyof typeof bounds

const algorithms = (Object.keys(bounds) as Algorithm[]).filter(
  (alg) => process.argv.length === 2 || process.argv.includes(alg),
)
const rounds = 7
const roundMillis = 1000
const scopes = Array.from({ length: 16 }, (_, index) => `scope-${index}`)

let imports = 0
crypto.subtle.importKey = new Proxy(crypto.subtle.importKey, {
  apply(target, self, given) {
    imports += 1
    return Reflect.apply(target, self, given)
  },
})

console.log(
  `${rounds} rounds of ${roundMillis / 1000} s after a warm-up, ${scopes.length} token requests in flight,
each with a new assertion; RSA keys have 2048 bits. Fails below the bound.
Node ${process.version}, ${process.platform} ${process.arch}.\n`,
)
console.log(formatRow('', ['median/s', 'slowest/s', 'bound', 'key imports', 'assertions'], 8))

for (const alg of algorithms) {
  imports = 0
  const { privateKey } =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 })
  let signed = 0
  const tokens = createTokenProvider({
    ...{ clientId: 'bench', tokenEndpoint: 'https://login.example.com/token', alg },
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    fetch: async (_, init) => {
      if (!String(init.body).includes('client_assertion=eyJ')) throw new Error('No assertion.')
      signed += 1
      return Response.json({ access_token: 't', token_type: 'Bearer', expires_in: 86_400 })
    },
  })
  const perSecond: number[] = []
  for (let round = -1; round < rounds; round++) {
    const before = { signed, at: performance.now() }
    const worker = async (scope: string) => {
      while (performance.now() < before.at + roundMillis)
        await tokens.getAccessToken({ scope, forceRenewal: true })
    }
    await Promise.all(scopes.map(worker))
    const rate = (signed - before.signed) / ((performance.now() - before.at) / 1000)
    if (round >= 0) perSecond.push(rate)
  }
  const isSlow = median(perSecond) < bounds[alg]
  if (isSlow) process.exitCode = 1
  const numbers = [median(perSecond), Math.min(...perSecond), bounds[alg], imports, signed]
  const cells = numbers.map((number) => number.toFixed(0))
  console.log(formatRow(alg, cells, 8) + (isSlow ? '  too slow' : ''))
}
