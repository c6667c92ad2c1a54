import { adapterSuite } from './adapter.ts'
import { axiosHost } from './axios-host.ts'

adapterSuite(axiosHost('http', { name: 'http adapter' }))
