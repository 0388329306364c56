import { subscribe, unsubscribe } from 'node:diagnostics_channel'

/** Where anything that uses fetch has connected to while `work` ran. */
export async function connectionsOf(work: () => Promise<unknown>): Promise<ReadonlySet<string>> {
  const hosts = new Set<string>()
  const note = (message: unknown) => {
    hosts.add((message as { connectParams: { hostname: string } }).connectParams.hostname)
  }
  subscribe('undici:client:beforeConnect', note)
  try {
    await work()
  } finally {
    unsubscribe('undici:client:beforeConnect', note)
  }
  return hosts
}
