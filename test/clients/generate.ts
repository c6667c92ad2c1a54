import { execFile } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const folder = fileURLToPath(new URL('.', import.meta.url))
const generated = join(folder, 'snippets/generated')
const run = promisify(execFile)

/** Generates the clients of hey-api and orval from one OpenAPI document. */
export default async function generateClients(): Promise<void> {
  await rm(generated, { recursive: true, force: true })
  const input = join(folder, 'fixtures/openapi.json')
  for (const name of ['fetch', 'ky', 'axios']) {
    const output = join(generated, `hey-${name}`)
    const args = ['-i', input, '-o', output, '-c', `@hey-api/client-${name}`]
    await run(join(folder, 'node_modules/.bin/openapi-ts'), args, { cwd: folder })
  }
  const target = (name: string) => join(generated, `orval-${name}.ts`)
  const mutator = { path: join(folder, 'snippets/orval-fetch.ts'), name: 'send' }
  const config = {
    axios: { input, output: { client: 'axios', target: target('axios') } },
    fetch: { input, output: { client: 'fetch', target: target('fetch'), override: { mutator } } },
  }
  const file = join(folder, 'node_modules/.orval.config.mjs')
  await writeFile(file, `export default ${JSON.stringify(config)}`)
  await run(join(folder, 'node_modules/.bin/orval'), ['--config', file], { cwd: folder })
}
