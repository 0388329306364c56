import jsQR from 'jsqr'
import { PNG } from 'pngjs'

/** What a phone's camera reads from a QR code that is a PNG data URL; undefined when it reads nothing. */
export function readQrCode(dataUrl: string): string | undefined {
  const { data, width, height } = PNG.sync.read(
    Buffer.from(dataUrl.slice(dataUrl.indexOf(',') + 1), 'base64'),
  )
  return jsQR.default(new Uint8ClampedArray(data), width, height)?.data
}
