import { readFileSync } from 'node:fs'
import { CommanderError, Command as Parser } from 'commander'
import type { Command } from './command.js'
import { createFailure } from './command-failure.js'
import { Option, options } from './options.js'
import { createOutput, nameRunner, readWidth, wrapLine } from './output.js'
import { createSettings, readVariables } from './settings.js'

/** The commands in the order of use. A run loads the module of one. */
const commands: Readonly<Record<string, readonly [summary: string, load: Load]>> = {
  keygen: ['create a key pair and a JWK Set to register', () => import('./commands/keygen.js')],
  serve: ['run an authorization server and an API locally', () => import('./commands/serve.js')],
  doctor: ['find out why you get no token', () => import('./commands/doctor.js')],
  token: ['get an access token', () => import('./commands/token.js')],
  assert: ['sign a client assertion', () => import('./commands/assert.js')],
  inspect: ['judge a client assertion or any JWT', () => import('./commands/inspect.js')],
  jwks: ['print a public JWK Set, add and retire keys', () => import('./commands/jwks.js')],
}

type Load = () => Promise<{ readonly command: Command }>

const exitCodes = [
  '  0    success',
  '  1    the command failed, or something bad was found',
  '  2    the command line is wrong, or a file or value is missing',
  '  130  interrupted at a prompt',
]

process.exitCode = await runCommandLine(process.argv.slice(2))

/** Runs one command line and resolves to the exit code. */
async function runCommandLine(argv: readonly string[]): Promise<number> {
  exitWithOutput()
  // Commander checks the choices of a variable, and an empty one counts as unset.
  for (const [name, value] of Object.entries(process.env)) if (!value) delete process.env[name]
  const output = createOutput({ isJson: argv.includes('--json') })
  const asksHelp = argv[0] === 'help' || argv.length === 0
  const words = asksHelp ? [...argv.slice(1), '--help'] : argv
  let exitCode = 0
  try {
    const parser = await createParser(words[0], async (command, flags, operands) => {
      const file = await readVariables(flags.dotenv)
      const isNamed = flags.dotenv !== undefined
      const settings = createSettings({ flags, environment: process.env, file, isNamed })
      const outcome = await command.run({ operands, settings, output })
      output.print(outcome)
      exitCode = outcome.isBad ? 1 : 0
    })
    await parser.parseAsync(words, { from: 'user' })
    return exitCode
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0
    const failure = await createFailure(thrown)
    output.fail(failure)
    return failure.exitCode
  }
}

type Run = (
  command: Command,
  flags: Readonly<Record<string, unknown>>,
  operands: readonly string[],
) => Promise<void>

async function createParser(named: string | undefined, run: Run): Promise<Parser> {
  const parser = new Parser('countersign')
    .description('OAuth 2.0 client credentials with a signed JWT: keys, assertions, tokens.')
    .version(readVersion(), '-v, --version')
    .helpCommand(false)
    .enablePositionalOptions()
    .exitOverride()
    .configureHelp({ minWidthToWrap: 20 })
    .configureOutput({
      writeErr: () => {},
      getOutHelpWidth: () => readWidth(process.stdout) ?? 80,
    })
    .addHelpText('after', () =>
      formatSections([
        ['Examples', ['  # help for a command', '  countersign keygen --help']],
        ['Exit codes', exitCodes],
        ['Documentation', ['  https://www.npmjs.com/package/countersign']],
      ]),
    )
  for (const [name, [summary, load]] of Object.entries(commands)) {
    const child = parser.command(name).summary(summary)
    if (name === named) defineCommand(child, (await load()).command, run)
  }
  return parser
}

function defineCommand(parser: Parser, command: Command, run: Run): void {
  const { description, argument, json = 'print one JSON document', examples } = command
  parser.description(description).enablePositionalOptions()
  if (argument !== undefined) parser.argument(argument.name, argument.description)
  for (const option of [...command.options, new Option('--json', json), options.dotenv])
    parser.addOption(option)
  const lines = examples.flatMap(([purpose, line]) => [`  # ${purpose}`, `  ${line}`])
  parser.addHelpText('after', () =>
    formatSections([
      ['Examples', lines],
      ['Exit codes', exitCodes],
    ]),
  )
  for (const [name, child] of Object.entries(command.commands ?? {}))
    defineCommand(parser.command(name), child, run)
  parser.action(() => {
    const given = Object.entries(parser.opts()).filter(
      ([name]) => parser.getOptionValueSource(name) === 'cli',
    )
    return run(command, Object.fromEntries(given), parser.args)
  })
}

function formatSections(sections: readonly (readonly [string, readonly string[]])[]): string {
  const width = readWidth(process.stdout) ?? 80
  return sections
    .flatMap(([title, lines]) => [
      '',
      `${title}:`,
      ...lines.map((line) => wrapLine(nameRunner(line), width)),
    ])
    .join('\n')
}

function readVersion(): string {
  const file = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(file) as { version: string }).version
}

/** Ends quietly when the reader closes the pipe, and reports a full disk. */
function exitWithOutput(): void {
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') process.exit()
    process.stderr.write(`error: The output cannot be written: ${code}.\n`)
    process.exit(1)
  })
  // Only the exit code is left to report it.
  process.stderr.on('error', () => {})
}
