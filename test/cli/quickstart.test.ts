import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { runCommand } from '../support/run-program.ts'
import { until } from '../support/waiting.ts'
import { main, readPage, scratchFolder } from './command-line.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const page = await readPage('guides/quick-start.md')
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(
    ([, it = '']) => it,
  )

/** What npm would install, from the workspace: packages are tried as published elsewhere. */
async function folderWithPackages() {
  const cwd = await scratchFolder()
  const modules = join(cwd, 'node_modules')
  await mkdir(join(modules, '.bin'), { recursive: true })
  await mkdir(join(modules, '@countersign'))
  await symlink(join(root, 'packages/core'), join(modules, '@countersign/core'))
  const command = `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`
  await writeFile(join(modules, '.bin/countersign'), command, { mode: 0o755 })
  return cwd
}

/** Returns the arguments for spawning a line of the page. */
function shell(line: string, cwd: string) {
  const { PATH = '', HOME = '' } = process.env
  const env = { PATH: `${cwd}/node_modules/.bin:${join(process.execPath, '..')}:${PATH}`, HOME }
  return ['sh', ['-c', line.replaceAll('npx countersign', 'countersign')], { cwd, env }] as const
}

test('the page leads to a first call', async () => {
  const [install = '', keygen = '', serve = '', run = '', doctor = '', ...others] = blocks('sh')
  const [program = '', ...more] = blocks('js')
  expect([...others, ...more]).toEqual([])
  const [, afterImports = ''] = program.split('\n\n')
  expect(afterImports.trim().split('\n')).toHaveLength(4)
  expect(install).toContain('npm install countersign @countersign/core')
  expect(page).toContain('`first-call.mjs`:')
  const cwd = await folderWithPackages()

  const made = await runCommand(...shell(keygen, cwd))
  expect(made.code).toBe(0)
  const [sh, args, options] = shell(serve, cwd)
  // A group of its own, so that sh and the command end together.
  const server = spawn(sh, args, { ...options, detached: true })
  const ended = once(server, 'close')
  onTestFinished(() => {
    try {
      process.kill(-Number(server.pid), 'SIGKILL')
    } catch {}
  })
  let log = ''
  server.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    log += chunk
  })
  await until(() => log.includes('They are in .env'))
  await writeFile(join(cwd, 'first-call.mjs'), program)

  const called = await runCommand(...shell(run, cwd))
  expect(called.code).toBe(0)
  expect(called.stdout).toMatch(/^200 \{/)
  const examined = await runCommand(...shell(doctor, cwd))
  expect(examined.code).toBe(0)
  expect(examined.stdout).toContain('A token was issued. Everything works.')

  process.kill(-Number(server.pid), 'SIGINT')
  await ended
  const lines = [...log.matchAll(/^\d\d:\d\d:\d\d (\d{3} .*) in \d+ ms$/gm)].map(([, line]) => line)
  expect(lines.toSorted()).toEqual([
    '200 GET /accounts',
    // doctor reads the server's Date.
    '200 HEAD / not a token request',
    ...Array(2).fill(expect.stringMatching(/^200 POST \/token a token for client-1 \(.*\)$/)),
  ])
})
