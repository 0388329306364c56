import type { FuzzReport } from './fuzz.js'

const given = (name: string): number | undefined => {
  const text = process.env[name]
  return text === undefined || text === '' ? undefined : Number(text)
}

/** The same seed makes the same requests. */
export const SEED = given('FUZZ_SEED') ?? Math.floor(Math.random() * 2 ** 30)

/** How many requests at least; undefined: as many as the run is made for. */
export const REQUESTS = given('FUZZ_REQUESTS')

/** How much was done. */
export const told = ({ requests, seconds }: FuzzReport): string =>
  `${requests} requests in ${seconds.toFixed(1)} s, ${Math.round(requests / seconds)} a second`
