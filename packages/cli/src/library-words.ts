import { commonOptions as options } from './common-options.js'
import type { OptionDefinition } from './option-definition.js'

/** What the options of `createTokenProvider` are called here. */
const flags: Readonly<Record<string, OptionDefinition>> = {
  clientId: options.clientId,
  tokenEndpoint: options.tokenEndpoint,
  key: options.key,
  passphrase: options.passphrase,
  scope: options.scope,
  resource: options.resource,
  alg: options.alg,
  kid: options.kid,
  'assertion.audience': options.audience,
  'assertion.lifetimeSeconds': options.lifetime,
  'assertion.claims': options.claim,
}

/** What is advice to a program alone, and what stands here in its place. */
const advice: readonly (readonly [inProgram: string, here: string])[] = [
  [', or any host with allowInsecureHttp', ''],
  [', or give a `fetch` with a ProxyAgent', ''],
  [' or `fetch`', ''],
  [
    "Read the file and give its text: readFileSync(path, 'utf8').",
    'PRIVATE_KEY is the text of the key: name its file by PRIVATE_KEY_FILE or --key.',
  ],
]

/** A message of the library in the words of the command line; the server's words stay its own. */
export function inFlags(message: string): string {
  const [theirs] = /The server says: ".*"\./s.exec(message) ?? []
  if (theirs === undefined) return translated(message)
  return message.split(theirs).map(translated).join(theirs)
}

function translated(message: string): string {
  const advised = advice.reduce((text, [from, to]) => text.replaceAll(from, to), message)
  return advised
    .replace(/(?:the option )?'([\w.]+)'/gi, (quoted, name: string) => flagOf(name) ?? quoted)
    .replace(/\bassertion\.\w+/g, (name) => flagOf(name) ?? name)
}

function flagOf(name: string): string | undefined {
  const option = Object.hasOwn(flags, name) ? flags[name] : undefined
  if (option === undefined) return undefined
  return option.env === undefined ? `--${option.name}` : `--${option.name} (${option.env})`
}
