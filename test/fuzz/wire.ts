import { Agent, type IncomingHttpHeaders, request } from 'node:http'

export interface WireRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** Undefined where the answer is no JSON. */
  readonly body: unknown
  /** What the answer sets; empty where it takes away. */
  readonly cookies: ReadonlyMap<string, string>
}

/** Requests as they are, over connections that stay open: what a client library would mend must arrive unmended. */
export class Wire {
  readonly #agent = new Agent({ keepAlive: true })

  constructor(private readonly url: string) {}

  send({ method, path, headers, body }: WireRequest): Promise<Answer> {
    const { hostname, port } = new URL(this.url)
    const length = body.length > 0 ? { 'Content-Length': String(body.length) } : {}
    return new Promise((resolve, reject) => {
      const outgoing = request(
        { agent: this.#agent, hostname, port, method, path, headers: { ...headers, ...length } },
        (incoming) => {
          const chunks: Buffer[] = []
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
          incoming.on('error', reject)
          incoming.on('end', () => {
            const text = Buffer.concat(chunks).toString()
            const status = incoming.statusCode ?? 0
            resolve({
              status,
              headers: incoming.headers,
              text,
              body: parsed(text),
              cookies: new Map((incoming.headers['set-cookie'] ?? []).map(readCookie)),
            })
          })
        },
      )
      outgoing.on('error', reject)
      outgoing.end(body)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}

function readCookie(header: string): readonly [string, string] {
  const [pair = ''] = header.split(';', 1)
  const equals = pair.indexOf('=')
  return [pair.slice(0, equals), pair.slice(equals + 1)]
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The members of an answer's body; none where it is no object. */
export const membersOf = ({ body }: Answer): Readonly<Record<string, unknown>> =>
  typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}

/** `200`, or `422 invalid_code`. */
export function outcomeOf(answer: Answer): string {
  const { code } = membersOf(answer)
  return typeof code === 'string' ? `${answer.status} ${code}` : String(answer.status)
}
