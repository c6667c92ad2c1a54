import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

test.each(['commonjs', 'esm'])(
  '8: a %s program under nodenext compiles, and what is wrong in it does not',
  async (kind) => {
    const project = fileURLToPath(new URL(kind, import.meta.url))

    const { stdout } = await promisify(execFile)('tsc', ['-p', project]).catch((error) => error)

    expect(stdout).toBe('')
  },
)
