import process from 'node:process'
import { hosts, provider, tell } from './program.ts'

/** Uses each host once and ends: nothing of ours may keep the process. */
const tokens = provider()
const { axios, ky, fetch } = hosts(tokens)
const statuses = [await axios('x'), await ky('x'), await fetch('x')]
const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
tell({ statuses, timers })
