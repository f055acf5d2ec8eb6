/**
 * The Ricker wavelet, w(t) = (1 − 2a) exp(−a) with a = (π f t)², centred: t = k · `dt` for |k| < `samples`. Local.
 *
 * @param samples - Of one half with the centre; the wavelet has 2 · `samples` − 1.
 * @param dt - Seconds between samples.
 * @param frequency - Of its peak, in hertz.
 */
export function ricker(samples: number, dt: number, frequency: number): Float64Array {
  if (!Number.isSafeInteger(samples) || samples < 1) {
    throw new RangeError(`ricker: ${samples} samples; give the centre and those on one side, 1 at least`);
  }
  return Float64Array.from({ length: 2 * samples - 1 }, (_, i) => {
    const a = (Math.PI * frequency * (i - (samples - 1)) * dt) ** 2;
    return (1 - 2 * a) * Math.exp(-a);
  });
}
