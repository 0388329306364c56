import { describe, it } from 'mocha'
import { MemoryStorage } from '../../lib/index.js'
import { storageConformance } from '../../lib/testing/index.js'

describe('MemoryStorage', () => {
  const storage = new MemoryStorage()
  storageConformance({ describe, it }, () => storage)
})
