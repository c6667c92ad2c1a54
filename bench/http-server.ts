/** The API of bench:http, in a process of its own: reads the body and answers 200 to our token. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import process from 'node:process'

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  request.resume().on('end', () => {
    response.statusCode = request.headers.authorization?.startsWith('Bearer xxx') ? 200 : 401
    response.setHeader('content-type', 'application/json')
    response.end('{"id":42}')
  })
})

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.send?.({ url: `http://127.0.0.1:${port}` })
})
process.on('disconnect', () => {
  server.close()
  server.closeAllConnections()
})
