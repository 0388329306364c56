import type { PrismaPg } from '@prisma/adapter-pg'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { PrismaStorageClient } from '../../examples/storage/prisma.js'

const PRISMA = fileURLToPath(import.meta.resolve('prisma/build/index.js'))
const SCHEMA = fileURLToPath(new URL('../../examples/storage/prisma/schema.prisma', import.meta.url))
/** Where the schema says. */
const GENERATED = new URL('../../build/prisma/client.ts', import.meta.url)

/** What the tests use of the generated class, whose own types are not there before it is generated. */
type PrismaClientClass = new (options: {
  readonly adapter: PrismaPg
}) => PrismaStorageClient & { $disconnect(): Promise<void> }

/** Generate the client from the example's schema, and load it. Nothing is downloaded for it. */
export async function generatePrismaClient(): Promise<PrismaClientClass> {
  await promisify(execFile)(process.execPath, [PRISMA, 'generate', '--schema', SCHEMA], {
    env: {
      ...process.env,
      CHECKPOINT_DISABLE: '1',
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      // Only migrations need this engine; a program that is there is not downloaded.
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    },
  })
  const { PrismaClient } = (await import(GENERATED.href)) as { readonly PrismaClient: PrismaClientClass }
  return PrismaClient
}
