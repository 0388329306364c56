import { cpSync } from 'node:fs'

// What the compiler leaves behind.
cpSync('lib/pages/assets', 'dist/pages/assets', { recursive: true })
