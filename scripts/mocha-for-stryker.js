// Stryker's runner asks for modules of mocha without their ending; in mocha 12 that is .cjs, which Node does not try.
import { createRequire } from 'node:module'

const { extensions } = createRequire(import.meta.url)
extensions['.cjs'] = extensions['.js']
