/** A provider of its own in a worker: says that it got a token, then dies of an error. */
import { parentPort, workerData } from 'node:worker_threads'
import * as core from '@countersign/core'

const { tokenEndpoint, key } = workerData as { tokenEndpoint: string; key: string }
const client = { clientId: 'client-1', tokenEndpoint, key, retries: 0 }
const { value } = await core.createTokenProvider(client).getAccessToken()
parentPort?.postMessage({ value })
await core.createTokenProvider({ ...client, clientId: 'unknown' }).getAccessToken()
