import { PrismaPg } from '@prisma/adapter-pg'
import { before, describe } from 'mocha'
import { readFileSync } from 'node:fs'
import { prismaStorage } from '../../../examples/storage/prisma.js'
import { holdsOnPostgres, queryOnce } from '../../support/example-storage.js'
import { generatePrismaClient } from '../../support/prisma-client.js'

const MIGRATION = new URL('../../../examples/storage/prisma/migration.sql', import.meta.url)

describe('the example prismaStorage', () => {
  let PrismaClient: Awaited<ReturnType<typeof generatePrismaClient>>
  before(async () => {
    PrismaClient = await generatePrismaClient()
  })

  holdsOnPostgres({
    prepare: (url) => queryOnce(url, readFileSync(MIGRATION, 'utf8')),
    open(url) {
      const prisma = new PrismaClient({ adapter: new PrismaPg(url) })
      return { storage: prismaStorage({ prisma }), close: () => prisma.$disconnect() }
    },
  })
})
