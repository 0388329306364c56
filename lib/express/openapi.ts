import { STATUS_CODES } from 'node:http'
import { checkNames } from '../check.js'
import { ENDPOINTS, type Endpoint } from './endpoints.js'
import { codesOf, type Description, descriptions } from './openapi-operations.js'
import { type Part, problemSchema, reference, type SchemaName, schemas } from './openapi-schemas.js'
import { detailOf, type ProblemCode, statusOf } from './problem.js'

/** Options of {@link openApiDocument}. */
export interface OpenApiOptions {
  /** Where the Router is mounted: a path, or a whole URL. Default `/2fa`. */
  readonly server?: string
  /** The name of the session's cookie. Default `connect.sid`, as express-session has it. */
  readonly sessionCookie?: string
}

/** An OpenAPI 3.1 document: plain JSON. */
export interface OpenApiDocument {
  /** The version of the format. */
  readonly openapi: '3.1.0'
  /** The version is that of this package. */
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  /** Where the Router is mounted. */
  readonly servers: readonly { readonly url: string }[]
  /** The cookie of the session. */
  readonly security: readonly Part[]
  /** By path and, in small letters, method. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, Part>>>>
  /** Schemas, headers and the cookie. */
  readonly components: Readonly<Record<string, Readonly<Record<string, Part>>>>
}

const VERSION = '0.1.0'

/**
 * The OpenAPI 3.1 document of {@link secondFactorRouter}, for a file: `JSON.stringify(openApiDocument())`. The Router
 * serves it by its `openapi` option.
 *
 * @throws TypeError naming the option that cannot be used
 */
export function openApiDocument(options: OpenApiOptions = {}): OpenApiDocument {
  checkNames('openApiDocument', options, ['server', 'sessionCookie'])
  const { server = '/2fa', sessionCookie = 'connect.sid' } = options
  for (const [name, value] of Object.entries<unknown>({ server, sessionCookie })) {
    if (typeof value !== 'string' || value === '')
      throw new TypeError(`openApiDocument: ${name} must be a text.`)
  }
  const described = descriptions()
  const paths: Record<string, Record<string, Part>> = {}
  const problems: Partial<Record<ProblemCode, Part>> = {}
  for (const [name, endpoint] of Object.entries(ENDPOINTS) as [keyof typeof ENDPOINTS, Endpoint][]) {
    const template = endpoint.path.replace(/:(\w+)/g, '{$1}')
    const codes = codesOf(endpoint, described[name].refuses)
    const operation = operationOf(name, endpoint, described[name], codes)
    paths[template] = { ...paths[template], [endpoint.method]: operation }
    for (const code of codes) problems[code] ??= problemSchema(code)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Second factor',
      version: VERSION,
      description:
        'TOTP authenticators and backup codes of who is signed in. Refusals are told apart by `code`.',
    },
    servers: [{ url: server }],
    security: [{ session: [] }],
    paths,
    components: { ...components(sessionCookie), schemas: { ...schemas(), ...problems } },
  }
}

const components = (sessionCookie: string) => ({
  securitySchemes: {
    session: {
      type: 'apiKey',
      in: 'cookie',
      name: sessionCookie,
      description: "The application's session, which the first factor has signed in.",
    },
  },
  parameters: { id: { name: 'id', in: 'path', required: true, schema: { type: 'string' } } },
  headers: {
    'Cache-Control': { required: true, schema: { const: 'no-store' } },
    'X-Request-Id': {
      description: 'To ask about this request.',
      required: true,
      schema: { type: 'string' },
    },
    'Retry-After': {
      description: 'Seconds to wait before the next try.',
      required: true,
      schema: { type: 'integer', minimum: 1 },
    },
  },
})

function operationOf(
  operationId: string,
  { path }: Endpoint,
  { body, success: [status, schema], summary, description }: Description,
  codes: readonly ProblemCode[],
): Part {
  const statuses = new Set(codes.map(statusOf))
  return {
    operationId,
    summary,
    ...(description !== undefined && { description }),
    tags: [/totp|backup-codes|trusted-devices/.exec(path)?.[0] ?? 'second-factor'],
    ...(path.includes(':id') && { parameters: [reference('parameters', 'id')] }),
    ...(body && { requestBody: requestBody(body) }),
    responses: {
      [status]: {
        description: STATUS_CODES[status],
        headers: headers(),
        ...(schema && { content: inForms(schema, 'application/json') }),
      },
      ...Object.fromEntries(Array.from(statuses, (one) => [one, refusal(one, codes)])),
    },
  }
}

const inForms = (name: SchemaName, ...types: readonly string[]): Part =>
  Object.fromEntries(types.map((type) => [type, { schema: reference('schemas', name) }]))

const requestBody = (name: SchemaName): Part => ({
  // A first label is a wish.
  required: name !== 'FirstLabel',
  content: inForms(name, 'application/json', 'application/x-www-form-urlencoded'),
})

const headers = (...more: readonly string[]): Part =>
  Object.fromEntries(
    ['Cache-Control', 'X-Request-Id', ...more].map((name) => [name, reference('headers', name)]),
  )

/** The refusals of one status: each code is a schema, and the code its name. */
function refusal(status: number, codes: readonly ProblemCode[]): Part {
  const own = codes.filter((code) => statusOf(code) === status)
  const problems = own.map((code) => reference('schemas', code))
  const schema =
    problems.length === 1 ? problems[0] : { oneOf: problems, discriminator: { propertyName: 'code' } }
  return {
    description: own.map((code) => `\`${code}\`: ${detailOf({ code })}`).join(' '),
    headers: status === 429 || status === 503 ? headers('Retry-After') : headers(),
    content: { 'application/problem+json': { schema } },
  }
}
