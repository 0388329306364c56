import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { PNG } from 'pngjs'
import { encodePng } from '../lib/png.js'

describe('png', () => {
  it('is read by another implementation, which checks the sums, as the cells that were given', () => {
    const picture = fc.record({
      cells: fc.integer({ min: 1, max: 40 }).chain((size) =>
        fc.array(fc.uint8Array({ minLength: size, maxLength: size, max: 1 }), {
          minLength: size,
          maxLength: size,
        }),
      ),
      cell: fc.integer({ min: 1, max: 5 }),
      margin: fc.integer({ min: 0, max: 5 }),
    })
    fc.assert(
      fc.property(picture, ({ cells, cell, margin }) => {
        const size = (cells.length + 2 * margin) * cell
        const { width, height, data } = PNG.sync.read(encodePng(cells, cell, margin))
        expect([width, height]).to.deep.equal([size, size])
        for (let y = 0; y < size; y++) {
          for (let x = 0; x < size; x++) {
            const isDark = cells[Math.floor(y / cell) - margin]?.[Math.floor(x / cell) - margin] === 1
            if (data[(y * size + x) * 4] !== (isDark ? 0 : 255)) expect.fail(`wrong at ${x}, ${y}`)
          }
        }
      }),
    )
  })
})
