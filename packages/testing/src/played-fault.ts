import type { Socket } from 'node:net'
import type { FaultOutput } from './fault-output.js'

/** Sends what the fault sends, and then ends the connection or leaves it. */
export function playFault(socket: Socket, { bytes, slowBytes, interval, end }: FaultOutput): void {
  if (slowBytes) {
    socket.write(bytes)
    drip(socket, slowBytes, interval)
  } else if (end === 'close') socket.end(bytes)
  else if (end === 'reset') socket.write(bytes, () => socket.resetAndDestroy())
  else socket.write(bytes)
}

function drip(socket: Socket, bytes: Buffer, interval: number | undefined): void {
  let sent = 0
  const timer = setInterval(() => {
    socket.write(bytes.subarray(sent, sent + 1))
    sent += 1
    if (sent >= bytes.length) clearInterval(timer)
  }, interval)
  socket.once('close', () => clearInterval(timer))
}
