import Table from 'cli-table3'
import pc from 'picocolors'
import type { Tally } from './load.ts'

/** One load of one client ID, through all of its HTTP clients at once. */
export interface Row extends Omit<Tally, 'host' | 'failure'> {
  step: string
  client: string
  tokenRequests: number
  hosts: readonly Tally[]
}

export interface Report {
  /** Prints the number and title of the next step. */
  step(title: string): void
  say(line: string): void
  /** Prints whether a promise was kept. A broken one makes the exit code 1. */
  promise(text: string, kept: boolean): void
  row(step: string, client: string, tokenRequests: number, hosts: readonly Tally[]): Row
  finish(): void
}

/** Creates a report that prints each step and ends with a table; with `json`, it prints only the rows. */
export function createReport({ json }: { json: boolean }): Report {
  const rows: Row[] = []
  const broken: string[] = []
  let steps = 0

  const say = (line: string) => {
    if (!json) console.log(line)
  }

  return {
    say: (line) => say(`   ${line}`),
    step(title) {
      steps += 1
      say(`\n${pc.bold(pc.cyan(`${steps}. ${title}`))}`)
    },
    promise(text, kept) {
      if (!kept) broken.push(text)
      say(`   ${kept ? pc.green('kept  ') : pc.red('BROKEN')} ${text}`)
    },
    row(step, client, tokenRequests, hosts) {
      const row = { step, client, ...addUp(hosts), tokenRequests, hosts }
      rows.push(row)
      return row
    },
    finish() {
      if (json) console.log(JSON.stringify(rows, undefined, 2))
      say(`\n${formatTable(rows)}`)
      say(
        'slowest: the time from a call to the end of its response. Calls that start together wait',
      )
      say('for each other, because one process runs the clients and both servers.')
      say('`pnpm bench:warm` measures what a token adds to a request.\n')
      if (broken.length === 0) {
        say(pc.green('Every promise was kept.'))
        return say('Next: make a call with a key of your own, docs/guides/quick-start.md')
      }
      for (const text of broken) console.error(pc.red(`broken: ${text}`))
      process.exitCode = 1
    },
  }
}

function addUp(hosts: readonly Tally[]): Pick<Tally, 'requests' | 'answered200' | 'slowestMs'> {
  const total = { requests: 0, answered200: 0, slowestMs: 0 }
  for (const { requests, answered200, slowestMs } of hosts) {
    total.requests += requests
    total.answered200 += answered200
    total.slowestMs = Math.max(total.slowestMs, slowestMs)
  }
  return total
}

/** Formats a line for each HTTP client. Values that they share are printed once. */
function formatTable(rows: readonly Row[]): string {
  const table = new Table({
    head: [
      'step',
      'client ID',
      'HTTP client',
      'requests',
      'answered\n200',
      'slowest',
      'token\nrequests',
    ],
    style: { head: pc.isColorSupported ? ['cyan'] : [], border: [] },
    colAligns: ['left', 'left', 'left', 'right', 'right', 'right', 'right'],
  })
  for (const { step, client, hosts, tokenRequests } of rows) {
    const lines = (cell: (tally: Tally) => unknown) => hosts.map(cell).join('\n')
    table.push([
      step,
      client,
      lines(({ host }) => host),
      lines(({ requests }) => requests),
      lines(({ answered200 }) => answered200),
      lines(({ slowestMs }) => `${slowestMs} ms`),
      tokenRequests,
    ])
  }
  return table.toString()
}
