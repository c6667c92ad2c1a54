import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { main, scratchFolder } from './command-line.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const page = await readFile(join(root, 'docs/guides/quick-start.md'), 'utf8')
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(
    ([, it = '']) => it,
  )

/** What npm would install, from the workspace: packages are tried as published elsewhere. */
async function folderWithPackages() {
  const folder = await scratchFolder()
  onTestFinished(() => folder[Symbol.asyncDispose]())
  const modules = join(cwd, 'node_modules')
  await mkdir(join(modules, '.bin'), { recursive: true })
  await mkdir(join(modules, '@countersign'))
  await symlink(join(root, 'packages/core'), join(modules, '@countersign/core'))
  const command = `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`
  await writeFile(join(modules, '.bin/countersign'), command, { mode: 0o755 })
  return cwd
}

function shell(line: string, cwd: string): ChildProcess & { stdout: NodeJS.ReadableStream } {
  const { PATH = '', HOME = '' } = process.env
  // A group of its own, so that npx, sh and the command end together.
  const child = spawn('sh', ['-c', line.replaceAll('npx countersign', 'countersign')], {
    cwd,
    env: { PATH: `${cwd}/node_modules/.bin:${join(process.execPath, '..')}:${PATH}`, HOME },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  return child as ReturnType<typeof shell>
}

async function output(line: string, cwd: string): Promise<{ code: number; stdout: string }> {
  const child = shell(line, cwd)
  const closed = once(child, 'close')
  const stdout = await text(child.stdout)
  const [code] = (await closed) as [number]
  return { code, stdout }
}

test('the page leads to a first call', async () => {
  const [install = '', keygen = '', serve = '', run = '', doctor = '', ...others] = blocks('sh')
  const [program = '', ...more] = blocks('js')
  expect([...others, ...more]).toEqual([])
  expect(install).toContain('npm install countersign @countersign/core')
  expect(page).toContain('`first-call.mjs`:')
  const cwd = await folderWithPackages()

  const made = await output(keygen, cwd)
  expect(made.code).toBe(0)
  const server = shell(serve, cwd)
  const ended = once(server, 'close')
  onTestFinished(() => {
    try {
      process.kill(-Number(server.pid), 'SIGKILL')
    } catch {}
  })
  let log = ''
  const ready = new Promise<void>((resolve) => {
    server.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      log += chunk
      if (log.includes('They are in .env')) resolve()
    })
  })
  await ready
  await writeFile(join(cwd, 'first-call.mjs'), program)

  const called = await output(run, cwd)
  expect(called.code).toBe(0)
  expect(called.stdout).toMatch(/^200 \{/)
  const examined = await output(doctor, cwd)
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

test('the program is as short as it is said to be', () => {
  const [program = ''] = blocks('js')
  const [, after = ''] = program.split('\n\n')
  expect(after.trim().split('\n')).toHaveLength(4)
})
