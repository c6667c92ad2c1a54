import { readStrictJwt, type StrictJwt } from '@countersign/testing'
import { refused } from '../command-failure.js'

/** A JWT that was read and not believed. */
export type DecodedJwt = StrictJwt

/** @throws {CommandFailure} for a JWT that servers could read differently, or not at all. */
export function decodedJwt(jwt: string): DecodedJwt {
  try {
    return readStrictJwt(jwt)
  } catch (error) {
    throw refused('ERR_NOT_A_JWT', (error as Error).message)
  }
}
