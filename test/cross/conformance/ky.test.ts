import { adapterSuite } from './adapter.ts'
import { kyHost } from './ky-host.ts'

adapterSuite(kyHost)
