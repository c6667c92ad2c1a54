import Table from 'cli-table3'
import pc from 'picocolors'
import type { Tally } from './load.ts'

/** One load of one client, through all of its hosts at once. */
export interface Row extends Omit<Tally, 'host' | 'failure'> {
  step: string
  client: string
  tokenRequests: number
  hosts: readonly Tally[]
}

export interface Report {
  /** Begins the next step, under its number. */
  step(title: string): void
  say(line: string): void
  /** Says whether it was kept; one that was not ends the demo with code 1. */
  promise(text: string, kept: boolean): void
  row(step: string, client: string, tokenRequests: number, hosts: readonly Tally[]): Row
  finish(): void
}

/** Speaks while it goes on and shows a table at the end; with `json`, only the rows. */
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
      const row = { step, client, ...totalOf(hosts), tokenRequests, hosts }
      rows.push(row)
      return row
    },
    finish() {
      if (json) console.log(JSON.stringify(rows, undefined, 2))
      say(`\n${tableOf(rows)}`)
      say('slowest: from a call to the end of its answer. Calls that start at once wait for each')
      say('other, in the one process that runs both servers too. What a token costs a call:')
      say('pnpm bench:warm\n')
      if (broken.length === 0) {
        say(pc.green('Every promise was kept.'))
        return say('Your own first call, with a key of yours: docs/guides/quick-start.md')
      }
      for (const text of broken) console.error(pc.red(`broken: ${text}`))
      process.exitCode = 1
    },
  }
}

function totalOf(hosts: readonly Tally[]): Pick<Tally, 'requests' | 'answered200' | 'slowestMs'> {
  const total = { requests: 0, answered200: 0, slowestMs: 0 }
  for (const { requests, answered200, slowestMs } of hosts) {
    total.requests += requests
    total.answered200 += answered200
    total.slowestMs = Math.max(total.slowestMs, slowestMs)
  }
  return total
}

/** A line for each host; what the hosts share stands once. */
function tableOf(rows: readonly Row[]): string {
  const table = new Table({
    head: ['step', 'client', 'host', 'requests', 'answered\n200', 'slowest', 'token\nrequests'],
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
