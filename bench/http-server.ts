/** The API of bench:http, in a process of its own. */
import { createServer } from 'node:http'
import process from 'node:process'
import { listen } from '../examples/servers/listen.ts'

const server = createServer((request, response) => {
  request.resume().on('end', () => {
    response.statusCode = request.headers.authorization?.startsWith('Bearer xxx') ? 200 : 401
    response.setHeader('content-type', 'application/json')
    response.end('{"id":42}')
  })
})
const { origin, close } = await listen(server)
process.on('disconnect', close)
process.send?.({ url: origin })
