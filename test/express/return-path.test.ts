import { expect } from 'chai'
import { describe, it } from 'mocha'
import { safeReturnPath } from '../../lib/index.js'

const SAFE: readonly (readonly [given: string, path: string])[] = [
  ['/', '/'],
  ['/account', '/account'],
  ['/account/', '/account/'],
  ['/account?tab=keys&page=2#top', '/account?tab=keys&page=2#top'],
  ['/search?q=//elsewhere.example', '/search?q=//elsewhere.example'],
  ['/login?returnTo=https://elsewhere.example/', '/login?returnTo=https://elsewhere.example/'],
  ['/#//elsewhere.example', '/#//elsewhere.example'],
  ['/a/../b', '/b'],
  ['/../../b', '/b'],
  ['/.', '/'],
  ['/@elsewhere.example', '/@elsewhere.example'],
  ['/:8080', '/:8080'],
  ['/caf%C3%A9', '/caf%C3%A9'],
  ['/%5celsewhere.example', '/%5celsewhere.example'],
  ['/a//b', '/a//b'],
]

const UNSAFE: readonly (readonly [what: string, given: unknown])[] = [
  ['another host', '//elsewhere.example'],
  ['another host with a path', '//elsewhere.example/path'],
  ['three slashes', '///elsewhere.example'],
  ['a backslash read as a slash', '/\\elsewhere.example'],
  ['two backslashes', '\\\\elsewhere.example'],
  ['a backslash further on', '/a\\b'],
  ['a host behind dots', '/..//elsewhere.example'],
  ['a host behind one dot', '/.//elsewhere.example'],
  ['a host behind encoded dots', '/%2e%2e//elsewhere.example'],
  ['a host behind half-encoded dots', '/.%2E//elsewhere.example'],
  ['a host behind a folder that is left', '/a/..//elsewhere.example'],
  ['a tab that browsers drop', '/\t/elsewhere.example'],
  ['a line feed that browsers drop', '/\n/elsewhere.example'],
  ['a carriage return, a header of its own', '/a\r\nSet-Cookie: a=b'],
  ['a null character', '/a\0b'],
  ['a space', '/a b'],
  ['a leading space', ' /a'],
  ['another alphabet', '/é'],
  ['a scheme and a host', 'https://elsewhere.example/'],
  ['a scheme without slashes', 'https:elsewhere.example'],
  ['a script', 'javascript:alert(1)'],
  ['data', 'data:text/html,x'],
  ['a relative path', 'account'],
  ['only a query', '?a=b'],
  ['nothing', ''],
  ['an array of paths', ['/a']],
  ['an object that reads as a path', { toString: () => '/a' }],
  ['a number', 1],
  ['null', null],
  ['undefined', undefined],
]

describe('safeReturnPath', () => {
  for (const [given, path] of SAFE) {
    it(`takes ${given}${path === given ? '' : ` as ${path}`}`, () => {
      expect(safeReturnPath(given, '/fallback')).to.equal(path)
    })
  }

  for (const [what, given] of UNSAFE) {
    it(`refuses ${what}`, () => {
      expect(safeReturnPath(given, '/fallback')).to.equal('/fallback')
      expect(safeReturnPath(given)).to.equal('/')
    })
  }

  it('never leaves the site, however path, dots and slashes are put together', () => {
    const pieces = [
      '/',
      '//',
      '\\',
      '.',
      '..',
      '%2e',
      '%2f',
      '%5c',
      '\t',
      '@',
      ':',
      '?',
      '#',
      'elsewhere.example',
    ]
    for (const one of pieces) {
      for (const two of pieces) {
        for (const three of pieces) {
          for (const four of pieces) {
            const path = safeReturnPath(one + two + three + four)
            expect(new URL(path, 'https://here.example').origin, path).to.equal('https://here.example')
            // What a browser makes of it must not change when it is taken a second time.
            expect(safeReturnPath(path), path).to.equal(path)
          }
        }
      }
    }
  })
})
