import QRCode from 'qrcode'
import { encodePng } from './png.js'

/** ISO/IEC 18004 asks for a quiet zone of four modules; three pixels a module are enough for any camera. */
const QUIET_ZONE = 4
const PIXELS = 3

/** A key URI as a QR code, a `data:image/png;base64,` URL. */
export function qrCodeDataUrl(uri: string): string {
  // One byte segment spares qrcode the search for the densest mix of modes.
  const segment = { data: Buffer.from(uri), mode: 'byte' } as const
  const { size, data } = QRCode.create([segment], { errorCorrectionLevel: 'M' }).modules
  const rows = Array.from({ length: size }, (_, row) => data.subarray(row * size, (row + 1) * size))
  return `data:image/png;base64,${encodePng(rows, PIXELS, QUIET_ZONE).toString('base64')}`
}
