import { crc32, deflateSync } from 'node:zlib'

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

/**
 * A square picture in black and white, one bit a pixel (PNG, third edition, §11.2.1). General encoders take eight bits
 * and more, and ten times as long.
 *
 * @param dark - the dark cells, row by row; `cell` pixels high and wide each
 * @param margin - light cells on every side
 */
export function encodePng(dark: readonly Uint8Array[], cell: number, margin: number): Buffer {
  const size = (dark.length + 2 * margin) * cell
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  header[8] = 1 // bits; the rest is 0: greyscale, no interlacing
  const light = scanline(new Uint8Array(), size, cell, margin)
  const above = Array<Buffer>(margin * cell).fill(light)
  const rows = dark.flatMap((cells) => Array<Buffer>(cell).fill(scanline(cells, size, cell, margin)))
  const pixels = deflateSync(Buffer.concat([...above, ...rows, ...above]))
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', pixels),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** One line of pixels: the type of its filter, which is none, and a bit each, 1 for light. */
function scanline(cells: Uint8Array, size: number, cell: number, margin: number): Buffer {
  const line = Buffer.alloc(1 + Math.ceil(size / 8), 0xff)
  line[0] = 0
  for (let index = 0; index < cells.length; index++) {
    if (cells[index] === 0) continue
    const start = (margin + index) * cell
    for (let x = start; x < start + cell; x++) {
      const byte = 1 + (x >> 3)
      line[byte] = (line[byte] ?? 0) & ~(0x80 >> (x & 7))
    }
  }
  return line
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const check = Buffer.alloc(4)
  check.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, check])
}
