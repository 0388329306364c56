import type { SecondFactorRecord, StorageAdapter } from 'express-2fa'

type Row = Readonly<Record<'userId' | 'revision' | 'record', string>>

/** What is used of a PrismaClient that has the model of `prisma/schema.prisma`. */
export interface PrismaStorageClient {
  readonly secondFactor: {
    findUnique(query: { where: Pick<Row, 'userId'> }): Promise<Row | null>
    create(query: { data: Row }): Promise<Row>
    updateMany(query: { where: Omit<Row, 'record'>; data: Omit<Row, 'userId'> }): Promise<{ count: number }>
    deleteMany(query: { where: Omit<Row, 'record'> }): Promise<{ count: number }>
  }
  /** A transaction has none: its rollback would make a used code good again. */
  $connect(): Promise<void>
}

/** Records in a table of PostgreSQL or SQLite by Prisma: one row per user, each change one guarded statement. */
export function prismaStorage({ prisma }: { readonly prisma: PrismaStorageClient }): StorageAdapter {
  return {
    async read(userId) {
      const row = (await prisma.secondFactor.findUnique({ where: { userId } })) ?? undefined
      return row && { revision: row.revision, record: JSON.parse(row.record) as SecondFactorRecord }
    },

    async insert(userId, { revision, record }) {
      const data = { userId, revision, record: JSON.stringify(record) }
      return prisma.secondFactor.create({ data }).then(() => true, falseIfTaken)
    },

    async replace(userId, { revision, record }, expected) {
      const data = { revision, record: JSON.stringify(record) }
      return isOne(await prisma.secondFactor.updateMany({ where: { userId, revision: expected }, data }))
    },

    async remove(userId, revision) {
      return isOne(await prisma.secondFactor.deleteMany({ where: { userId, revision } }))
    },
  }
}

function falseIfTaken(error: unknown): false {
  // False means that somebody else was first, and nothing else may look like that.
  if ((error as { code?: unknown } | null)?.code === 'P2002') return false
  throw error
}

function isOne({ count }: { readonly count: number }): boolean {
  if (count === 0 || count === 1) return count === 1
  throw new Error(`prismaStorage: ${count} rows were changed.`)
}
