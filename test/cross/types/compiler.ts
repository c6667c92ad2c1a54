import { execFile } from 'node:child_process'
import { relative } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type typescript from 'typescript-6'

/** Options as they stand in a tsconfig.json. */
export type Options = Readonly<Record<string, unknown>>

/**
 * What TypeScript says of programs and of the declarations that they reach, other people's left
 * out: lines of file, line, code and message.
 */
type Compiler = (files: readonly string[], options: Options) => Promise<readonly string[]>

/**
 * For the releases that are a library. `read` may change what stands in the programs; `insteadOf`
 * names packages of the tests to take in place of others.
 */
export function compilerInProcess(
  ts: typeof typescript,
  {
    read = (text) => text,
    insteadOf = {},
  }: { read?: (text: string) => string; insteadOf?: Readonly<Record<string, string>> } = {},
): Compiler {
  const known = new Map<string, typescript.SourceFile | undefined>()
  return async (files, json) => {
    const { options, errors } = ts.convertCompilerOptionsFromJson(json, import.meta.dirname)
    const host = ts.createCompilerHost(options)
    const { getSourceFile, readFile } = host
    host.readFile = (name) => {
      const text = readFile(name)
      return files.includes(name) && text !== undefined ? read(text) : text
    }
    // Reading libraries is most of the work, and gives the same for every program.
    host.getSourceFile = (name, how, ...rest) => {
      if (isOurs(name)) return getSourceFile(name, how, ...rest)
      const key = `${name} ${typeof how === 'object' && how.impliedNodeFormat}`
      if (!known.has(key)) known.set(key, getSourceFile(name, how, ...rest))
      return known.get(key)
    }
    host.resolveModuleNameLiterals = (literals, importer, redirect, _, file) =>
      literals.map((literal) => {
        const other = insteadOf[literal.text]
        const mode = ts.getModeForUsageLocation(file, literal, options)
        const [name, from] = other ? [other, import.meta.filename] : [literal.text, importer]
        return ts.resolveModuleName(name, from, options, host, undefined, redirect, mode)
      })
    const program = ts.createProgram({ rootNames: files, options, host })
    const ours = program.getSourceFiles().filter(({ fileName }) => isOurs(fileName))
    return [
      ...errors,
      ...program.getOptionsDiagnostics(),
      ...program.getGlobalDiagnostics(),
      ...ours.flatMap((file) => program.getSyntacticDiagnostics(file)),
      ...ours.flatMap((file) => program.getSemanticDiagnostics(file)),
    ].map(({ file, start = 0, code, messageText }) => {
      const message = ts.flattenDiagnosticMessageText(messageText, ' ')
      if (file === undefined) return `${code} ${message}`
      const { line } = file.getLineAndCharacterOfPosition(start)
      return `${relative(import.meta.dirname, file.fileName)}:${line + 1} ${code} ${message}`
    })
  }
}

/** For the release that is a program. */
export const compilerProgram: Compiler = async (files, options) => {
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
  const program = ['--ignoreConfig', '--pretty', 'false', ...flags, ...files]
  const { stdout, code = 0 } = await promisify(execFile)(process.execPath, [compiler, ...program], {
    cwd: import.meta.dirname,
  }).catch((error) => error)
  const lines = String(stdout)
    .split('\n')
    .filter((line) => line !== '')
  if (code !== 0 && lines.length === 0) throw new Error(`The compiler ended with ${code}.`)
  return lines.filter((line) => isOurs(line.split('(')[0] ?? ''))
}

/** The workspace's own, whatever else there is on the PATH. */
const compiler = fileURLToPath(import.meta.resolve('typescript/package.json')).replace(
  /package\.json$/,
  'bin/tsc',
)

/** Of the release that is a program. */
export async function compilerProgramVersion(): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [compiler, '--version'])
  return stdout.trim()
}

function isOurs(file: string): boolean {
  return !file.includes('node_modules/')
}
