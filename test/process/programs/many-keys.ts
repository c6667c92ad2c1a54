import { heapInUse, provider, tell } from './program.ts'

/** 100,000 scopes, each with a token of its own; then a million calls with a token at hand. */
let issued = 0
const tokens = provider({
  fetch: async () =>
    Response.json({ access_token: `token-${++issued}`, token_type: 'Bearer', expires_in: 600 }),
})
const ask = async (from: number, to: number) => {
  for (let scope = from; scope < to; scope += 50) {
    const batch = Array.from({ length: 50 }, (_, next) => `scope-${scope + next}`)
    await Promise.all(batch.map((each) => tokens.getAccessToken({ scope: each })))
  }
  return heapInUse()
}
const afterFirst = await ask(0, 2_000)
const afterAll = await ask(2_000, 100_000)
const oldest = issued
await tokens.getAccessToken({ scope: 'scope-0' })

const kept = await tokens.getAccessToken()
const before = await heapInUse()
const since = performance.now()
for (let call = 0; call < 1_000_000; call++) {
  if ((await tokens.getAccessToken()) !== kept) throw new Error('Another token.')
}
const seconds = (performance.now() - since) / 1000
tell({
  scopeGrowth: afterAll - afterFirst,
  isOldestForgotten: issued > oldest,
  callGrowth: (await heapInUse()) - before,
  callsPerSecond: Math.round(1_000_000 / seconds),
})
