import { adapterSuite } from './adapter.ts'
import { fetchHost } from './fetch-host.ts'

adapterSuite(fetchHost)
