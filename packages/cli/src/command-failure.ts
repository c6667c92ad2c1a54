/** Why a command ends without a result. The message carries no secret. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
  readonly code: string
  readonly exitCode: number

  constructor(code: string, message: string, exitCode: number) {
    super(message)
    this.code = code
    this.exitCode = exitCode
  }
}

/** The command line is wrong, or what it names is not there. */
export function misused(message: string, code = 'ERR_USAGE'): CommandFailure {
  return new CommandFailure(code, message, 2)
}

/** What was asked for cannot be done. */
export function refused(code: string, message: string): CommandFailure {
  return new CommandFailure(code, message, 1)
}
