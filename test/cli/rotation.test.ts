import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { countersign, documentOf, readPage, startClient } from './command-line.ts'

const page = await readPage('guides/rotation.md')
const [, runbook = ''] = page.split('## The runbook')
const blocks = [...runbook.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, lines = '']) =>
  lines
    .trim()
    .split('\n')
    .map((line) => line.replace('npx countersign ', '').split(' ')),
)

/** A client whose key in use is made and registered as the page says. */
async function scene() {
  const { server, cwd, env } = await startClient()
  const run = (args: string[]) => countersign([...args, '--json'], { cwd, env })
  /** Registers the set again, as a server does when its cache expires. */
  const readSet = async () => {
    const jwks = JSON.parse(await readFile(join(cwd, 'countersign.jwks.json'), 'utf8'))
    server.register({ clientId: 'client', jwks })
  }
  return { run, readSet }
}

test('no token request is rejected during the runbook', async () => {
  const [make = [], look = [], retire = [], ...more] = blocks
  expect([make.length, look.length, retire.length, more]).toEqual([2, 1, 1, []])
  const [, keygen = ''] = /made with `countersign (keygen [^`]*)`/.exec(page) ?? []
  const { run, readSet } = await scene()
  const done = async (args: string[]) => expect(await run(args)).toMatchObject({ code: 0 })
  const old = ['token', '--key', 'countersign.pem', '--kid', '2025']
  const next = ['token', '--key', 'next.pem', '--kid', '2026']

  await done(keygen.split(' '))
  await readSet()
  await done(old)
  for (const line of make) await done(line)
  // The server has not read the set yet: the key in use serves, the next does not.
  await done(old)
  expect(await run(next)).toMatchObject({ code: 1 })
  await readSet()
  for (const line of look) await done(line)
  await done(old)
  await done(next)
  for (const line of retire) await done(line)
  await readSet()
  await done(next)
  expect(await run(old)).toMatchObject({ code: 1 })
})

test('the first key of a set has no key before it to switch from or to retire', async () => {
  const { run } = await scene()
  await run(['keygen', '--kid', '2025'])
  const set = ['--set', 'countersign.jwks.json']
  const { next } = documentOf<{ next: string[] }>(
    await run(['jwks', 'add', ...set, 'countersign.jwks.json']),
  )
  expect(next).toHaveLength(3)
  expect(next.join(' ')).not.toMatch(/old|Switch|retire/)
})
