import { setTimeout as delay } from 'node:timers/promises'

/** A server that can crash. */
export interface Mortal {
  kill(): Promise<void>
  restart(): Promise<void>
}

/** Whether the server is there, as far as it is known from outside. */
export class Outage {
  #away = false
  #changes = 0

  /** Run, and say whether the server was away from the beginning to the end of it. */
  async during<Result>(
    work: () => Promise<Result>,
  ): Promise<{ readonly result: Result; readonly away: boolean }> {
    const [away, changes] = [this.#away, this.#changes]
    const result = await work()
    return { result, away: away && changes === this.#changes }
  }

  /** The server crashes, and comes back after a while. */
  async of(server: Mortal, milliseconds: number): Promise<void> {
    await server.kill()
    this.#change(true)
    await delay(milliseconds)
    this.#change(false)
    await server.restart()
  }

  #change(away: boolean): void {
    this.#away = away
    this.#changes += 1
  }
}
