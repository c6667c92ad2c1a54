/** The suite in Node, Bun or Deno. Prints the runtime's version and each outcome as lines of JSON. */
import process from 'node:process'
import { cases, runCase } from '../suite/case.ts'

interface Versions {
  readonly Bun?: { readonly version: string }
  readonly Deno?: { readonly version: { readonly deno: string } }
}

const [stage = '', traits = ''] = process.argv.slice(2)
const { Bun, Deno } = globalThis as Versions

console.log(
  JSON.stringify({ version: Bun?.version ?? Deno?.version.deno ?? process.versions.node }),
)
for (const name of Object.keys(cases)) {
  console.log(JSON.stringify(await runCase(stage, JSON.parse(traits), name)))
}
