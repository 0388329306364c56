import { expect } from 'chai'
import { applyPatch, parsePatch } from 'diff'
import { describe, it } from 'mocha'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { changedLines, PATCH, PLAIN_APP, ROOT, routesInSource } from './repository.js'

/** Where a patch says that a file is. */
const nameOf = (fileName = '') => fileName.replace(/^[ab]\//, '')

describe('the patch that gives a plain application a second factor', () => {
  const patches = parsePatch(readFileSync(PATCH, 'utf8'))

  it('changes ten lines, and leads to an application of the present version', () => {
    expect(changedLines()).to.be.at.most(10)
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
    expect(readFileSync(PATCH, 'utf8')).to.contain(`+    "express-2fa": "^${version}",\n`)
  })

  it('fits the application', () => {
    expect(patches.map(({ newFileName }) => nameOf(newFileName))).to.deep.equal([
      'app.js',
      'package.json',
      'pages.js',
    ])
    for (const patch of patches) {
      const before = readFileSync(join(PLAIN_APP, nameOf(patch.oldFileName)), 'utf8')
      expect(applyPatch(before, patch), patch.oldFileName).to.be.a('string')
    }
  })

  it('meets an application that has never heard of it, with many guarded routes', () => {
    for (const file of ['app.js', 'pages.js', 'users.js', 'package.json']) {
      expect(readFileSync(join(PLAIN_APP, file), 'utf8')).not.to.match(/2fa|second|totp/i)
    }
    expect(routesInSource()).to.be.greaterThan(15)
  })
})
