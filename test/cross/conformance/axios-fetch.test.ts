import { adapterSuite } from './adapter.ts'
import { axiosHost } from './axios-host.ts'

adapterSuite(axiosHost('fetch', { name: 'fetch adapter' }))
