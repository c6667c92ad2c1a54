/**
 * The suite in Node, Bun or Deno. Prints a line of JSON for the runtime's version and one for
 * each case; ends by itself.
 */
import process from 'node:process'
import { cases } from '../suite/cases.ts'
import { runCase } from '../suite/run-case.ts'
import type { Traits } from '../suite/traits.ts'

interface Versions {
  readonly Bun?: { readonly version: string }
  readonly Deno?: { readonly version: { readonly deno: string } }
}

const [stage = '', given = ''] = process.argv.slice(2)
const traits: Traits = JSON.parse(given)
const { Bun, Deno } = globalThis as Versions

console.log(
  JSON.stringify({ version: Bun?.version ?? Deno?.version.deno ?? process.versions.node }),
)
for (const one of cases) console.log(JSON.stringify(await runCase(stage, traits, one)))
