import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A way to a server on which an answer can get lost, together with the connection. */
export interface LossyRoute {
  readonly port: number
  /** The next time that the server answers this, nobody hears of it. */
  lose(answer: string): void
  close(): void
}

/** @param port - of the server, on loopback */
export async function startLossyRoute(port: number): Promise<LossyRoute> {
  let lost: string | undefined
  const ends = new Set<Socket>()
  const route = createServer((client) => {
    const server = connect(port, '127.0.0.1')
    for (const [end, other] of [
      [client, server],
      [server, client],
    ] as const) {
      ends.add(end)
      end.on('error', () => undefined)
      end.on('close', () => {
        ends.delete(end)
        other.destroy()
      })
    }
    client.pipe(server)
    server.on('data', (answer) => {
      if (answer.toString() !== lost) client.write(answer)
      else {
        lost = undefined
        client.destroy()
      }
    })
  }).listen(0, '127.0.0.1')
  await once(route, 'listening')
  return {
    port: (route.address() as AddressInfo).port,
    lose(answer) {
      lost = answer
    },
    close() {
      route.close()
      for (const end of ends) end.destroy()
    },
  }
}
