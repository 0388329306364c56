import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import type { ErrorRequestHandler, Request, RequestHandler, Response, Router } from 'express'
import { hasBody } from '../../lib/express/endpoint-calls.js'
import { openApiDocument, type ProblemCode } from '../../lib/index.js'

/** Where the document itself is served. It is no part of what it describes. */
export const DOCUMENT_PATH = '/openapi.json'

interface Operation {
  readonly operationId: string
  readonly requestBody?: { readonly required: boolean; readonly content: Content }
  readonly responses: Readonly<Record<string, Documented>>
}
interface Documented {
  readonly headers: Readonly<Record<string, { readonly $ref: string }>>
  readonly content?: Content
}
type Content = Readonly<Record<string, { readonly schema: object }>>

const document = openApiDocument()
const paths = Object.entries(document.paths).map(([template, operations]) => ({
  form: new RegExp(`^${template.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}/?$`, 'i'),
  operations: operations as Readonly<Record<string, unknown>> as Readonly<Record<string, Operation>>,
}))

const ajv = new Ajv2020({
  allErrors: true,
  keywords: ['components', 'discriminator'],
  formats: {
    'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
    uri: (text: string) => URL.canParse(text),
  },
})
const validators = new WeakMap<object, ValidateFunction>()

/** What is wrong with a value; nothing when it is as the schema says. */
function faultsOf(schema: object, value: unknown): readonly string[] {
  const validate = validators.get(schema) ?? ajv.compile({ ...schema, components: document.components })
  validators.set(schema, validate)
  if (validate(value)) return []
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) =>
      `${instancePath || 'the whole'} ${message ?? ''} ${JSON.stringify(params)}`,
  )
}

/** Every operation and status that the document has, and the codes that go with it. */
export function documentedCodes(): readonly {
  readonly operation: string
  readonly status: number
  readonly codes: readonly ProblemCode[]
}[] {
  return paths
    .flatMap(({ operations }) => Object.values(operations))
    .flatMap(({ operationId, responses }) =>
      Object.entries(responses).map(([status, { content = {} }]) => ({
        operation: operationId,
        status: Number(status),
        codes: codesIn(content['application/problem+json']?.schema),
      })),
    )
}

/** The schemas of problems are called by their codes. */
function codesIn(schema: { readonly $ref?: string; readonly oneOf?: readonly object[] } = {}): ProblemCode[] {
  const { $ref, oneOf = [] } = schema
  return [
    ...($ref === undefined ? [] : [$ref.slice($ref.lastIndexOf('/') + 1) as ProblemCode]),
    ...oneOf.flatMap((one) => codesIn(one)),
  ]
}

/** An operation and a status that were answered with. */
export interface Seen {
  readonly operation: string
  readonly status: number
  readonly code?: string
}

/** Every answer of every Router of this process so far. */
export const seen: Seen[] = []
const violations: string[] = []

let report = (violation: string): void => {
  violations.push(violation)
}

/** In a process of its own, where no hook of mocha looks after it: tell at once. */
export function reportViolationsTo(listener: (violation: string) => void): void {
  report = listener
}

/** What was not as the document says since this was asked last. */
export const takeViolations = (): readonly string[] => violations.splice(0)

/**
 * A Router between two that watch it: whatever it answers is held against its OpenAPI document. What it leaves to the
 * application is the application's.
 */
export function watchedRouter(
  router: Router,
  ...before: readonly RequestHandler[]
): (RequestHandler | ErrorRequestHandler)[] {
  const left = new WeakSet<Request>()
  const watch: RequestHandler = (req, res, next) => {
    const path = req.path
    onAnswer(res, (body) => {
      // Express itself answers which methods there are.
      const isCall = req.method !== 'OPTIONS' && path !== DOCUMENT_PATH
      if (isCall && !left.has(req)) check(req, res, path, body)
    })
    next()
  }
  const leave: RequestHandler = (req, _res, next) => {
    left.add(req)
    next()
  }
  const leaveFailed: ErrorRequestHandler = (error, req, _res, next) => {
    left.add(req)
    next(error)
  }
  return [watch, ...before, router, leave, leaveFailed]
}

/** Look at an answer as it is sent; the Router sends each in one piece. */
function onAnswer(res: Response, look: (body: string) => void): void {
  const end = res.end.bind(res) as (...given: unknown[]) => Response
  const lookFirst = (...given: unknown[]) => {
    const [chunk] = given
    look(typeof chunk === 'string' || Buffer.isBuffer(chunk) ? chunk.toString() : '')
    return end(...given)
  }
  Object.assign(res, { end: lookFirst })
}

function check(req: Request, res: Response, path: string, body: string): void {
  const method = req.method === 'HEAD' ? 'get' : req.method.toLowerCase()
  const operation = paths.find(({ form, operations }) => form.test(path) && method in operations)?.operations[
    method
  ]
  const status = res.statusCode
  const tell = (fault: string) => {
    report(`${operation?.operationId ?? `${method} ${path}`} ${status}: ${fault}`)
  }
  const documented = operation?.responses[status]
  if (!operation || !documented) {
    tell('is not documented')
    return
  }
  const { code } = (body === '' ? {} : JSON.parse(body)) as { code?: string }
  seen.push({ operation: operation.operationId, status, ...(code !== undefined && { code }) })
  const faults = [
    ...headerFaults(res, documented),
    ...(req.method === 'HEAD' ? [] : bodyFaults(res, documented, body)),
    ...(status < 300 ? requestFaults(req, operation) : []),
  ]
  faults.forEach(tell)
}

function headerFaults(res: Response, documented: Documented): readonly string[] {
  const known = document.components['headers'] as Readonly<Record<string, { readonly schema: object }>>
  return Object.entries(known).flatMap(([name, { schema }]) => {
    const value = res.get(name)
    if (!(name in documented.headers)) {
      return value === undefined ? [] : [`header ${name} is not documented`]
    }
    if (value === undefined) return [`header ${name} is missing`]
    const read = (schema as { type?: string }).type === 'integer' ? Number(value) : value
    return faultsOf(schema, read).map((fault) => `header ${name}: ${fault}`)
  })
}

function bodyFaults(res: Response, { content }: Documented, body: string): readonly string[] {
  if (!content) return body === '' ? [] : ['a body is not documented']
  const type = String(res.get('Content-Type')).split(';', 1)[0] ?? ''
  const form = content[type]
  if (!form) return [`${type} is not documented`]
  return faultsOf(form.schema, JSON.parse(body)).map((fault) => `body: ${fault}`)
}

/** What was good enough to succeed is what the document asks for. */
function requestFaults(req: Request, { requestBody }: Operation): readonly string[] {
  if (!requestBody) return []
  if (!hasBody(req)) return requestBody.required ? ['request: a body is not there'] : []
  const type = req.is(Object.keys(requestBody.content))
  const form = requestBody.content[String(type)]
  if (!form) return [`request: ${String(type)} is not documented`]
  return faultsOf(form.schema, { ...(req.body as object) }).map((fault) => `request: ${fault}`)
}
