import { readFileSync } from 'node:fs'
import { styleText } from 'node:util'
import { Command, CommanderError, Option } from 'commander'
import type { CommandDefinition } from './command.js'
import { commandList, type ListedCommand } from './command-list.js'
import { frameOptions } from './common-options.js'
import type { OptionDefinition } from './option-definition.js'
import { createOutput, type Output } from './output.js'
import { reportedFailure } from './reported-failure.js'
import { createSettings, type Flags, readVariables } from './settings.js'

const exitCodes = `
Exit codes:
  0  done
  1  what was asked for failed, or something was found bad
  2  the command line is wrong, or a file or value is missing
  130  interrupted at a question`

/** Runs one command line and resolves to the exit code. */
export async function runCommand(argv: readonly string[]): Promise<number> {
  endWithOutput()
  const output = createOutput({ isJson: argv.includes('--json') })
  const isHelp = argv[0] === 'help' || argv.length === 0
  let exitCode = 0
  const program = createProgram(async (definition, command) => {
    exitCode = await run(definition, command, output)
  })
  try {
    await program.parseAsync(isHelp ? [...argv.slice(1), '--help'] : [...argv], { from: 'user' })
    return exitCode
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0
    const failure = await reportedFailure(thrown)
    output.failure(failure)
    return failure.exitCode
  }
}

type Run = (definition: CommandDefinition, command: Command) => Promise<void>

function createProgram(onRun: Run): Command {
  const program = new Command('countersign')
    .description('OAuth 2.0 client credentials with a signed JWT: keys, assertions, tokens.')
    .version(version(), '-V, --version')
    .helpCommand(false)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .configureHelp({ styleTitle: (title) => styleText('bold', title, { validateStream: false }) })
    .addHelpText('after', `${examples([['countersign keygen --help', 'each command has help']])}`)
    .addHelpText('after', exitCodes)
  addCommands(program, commandList, onRun)
  return program
}

/** A command's options come from its module, which is loaded when the command is met. */
function addCommands(parent: Command, listed: readonly ListedCommand[], onRun: Run): void {
  const definitions = new Map<string, ListedCommand>(listed.map((one) => [one.name, one]))
  for (const { name, summary, commands = [] } of listed) {
    const command = parent.command(name).summary(summary).enablePositionalOptions()
    addCommands(command, commands, onRun)
  }
  if (listed.length === 0) return
  parent.hook('preSubcommand', async (_, command) => {
    const definition = await definitions.get(command.name())?.load()
    if (definition !== undefined) define(command, definition, onRun)
  })
}

function define(command: Command, definition: CommandDefinition, onRun: Run): void {
  const { description, argument, options, json = frameOptions.json.description } = definition
  command.description(description)
  if (argument !== undefined) command.argument(argument.name, argument.description)
  const frame = { ...frameOptions, json: { ...frameOptions.json, description: json } }
  for (const option of [...options, ...Object.values(frame)])
    command.addOption(commanderOption(option))
  command.addHelpText('after', examples(definition.examples))
  command.addHelpText('after', exitCodes)
  command.action(() => onRun(definition, command))
}

function commanderOption(definition: OptionDefinition): Option {
  const { name, value, description, env, choices, isRepeatable } = definition
  const option = new Option(
    `--${name}${value === undefined ? '' : ` ${value}`}`,
    env === undefined ? description : `${description} (env: ${env})`,
  )
  if (choices !== undefined) option.choices([...choices])
  if (isRepeatable) option.argParser((given: string, before: string[] = []) => [...before, given])
  return option
}

async function run(
  definition: CommandDefinition,
  command: Command,
  output: Output,
): Promise<number> {
  const flags = flagsOf(definition, command)
  const { dotenv } = flags
  const file = await readVariables(typeof dotenv === 'string' ? dotenv : undefined)
  const settings = createSettings(flags, {
    environment: process.env,
    file,
    isNamed: dotenv !== undefined,
  })
  const { progress, say } = output
  const outcome = await definition.run({ operands: command.args, settings, progress, say })
  output.result(outcome)
  return outcome.isBad ? 1 : 0
}

function flagsOf({ options }: CommandDefinition, command: Command): Flags {
  const all = [...options, ...Object.values(frameOptions)]
  return Object.fromEntries(
    all.map((option) => [
      option.name,
      command.getOptionValue(commanderOption(option).attributeName()),
    ]),
  )
}

function examples(lines: CommandDefinition['examples']): string {
  const shown = lines.map(([line, what]) => `  # ${what}\n  ${line}`)
  return `\nExamples:\n${shown.join('\n')}`
}

function version(): string {
  const file = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(file) as { version: string }).version
}

/** A closed pipe is quiet, as `head` makes one of whatever feeds it; a full disk is told. */
function endWithOutput(): void {
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') process.exit()
    process.stderr.write(`error: The output cannot be written: ${code}.\n`)
    process.exit(1)
  })
  // Then only the exit code is left to tell it.
  process.stderr.on('error', () => {})
}
