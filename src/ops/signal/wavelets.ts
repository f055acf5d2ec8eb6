/**
 * The Ricker wavelet, w(t) = (1 − 2a) exp(−a) with a = (π f t)², centred: t = k · `dt` for |k| < `samples`. Local.
 *
 * @param samples - Of one half with the centre; the wavelet has 2 · `samples` − 1.
 * @param dt - Seconds between samples.
 * @param frequency - Of its peak, in hertz.
 */
export function ricker(samples: number, dt: number, frequency: number): Float64Array {
  return centred("ricker", samples, dt, (t) => {
    const a = (Math.PI * frequency * t) ** 2;
    return (1 - 2 * a) * Math.exp(-a);
  });
}

/** The Gaussian exp(−t² / 2σ²), centred; arguments as of {@link ricker}. Local. @param deviation - σ in seconds. */
export function gaussian(samples: number, dt: number, deviation: number): Float64Array {
  checkRising("gaussian", "deviation", [deviation]);
  return centred("gaussian", samples, dt, (t) => Math.exp(-((t / deviation) ** 2) / 2));
}

/**
 * The Ormsby wavelet, whose spectrum is a trapezoid: it rises from f₁ to f₂ and falls from f₃ to f₄; centred, with a largest
 * value of 1. Arguments otherwise as of {@link ricker}. Local.
 *
 * @param frequencies - f₁ < f₂ < f₃ < f₄ in hertz.
 * @throws {RangeError} If they do not rise.
 */
export function ormsby(
  samples: number,
  dt: number,
  frequencies: readonly [number, number, number, number],
): Float64Array {
  checkRising("ormsby", "frequencies", frequencies);
  const [f1, f2, f3, f4] = frequencies;
  const lobe = (f: number, t: number) => (f * sinc(f * t)) ** 2;
  const ramp = (low: number, high: number, t: number) => (lobe(high, t) - lobe(low, t)) / (high - low);
  return toOne(centred("ormsby", samples, dt, (t) => ramp(f3, f4, t) - ramp(f1, f2, t)));
}

/**
 * The Klauder wavelet, the autocorrelation of a sweep whose frequency rises evenly from f₁ to f₂; centred, with a largest value
 * of 1. Arguments otherwise as of {@link ricker}. Local.
 *
 * @param frequencies - f₁ < f₂ in hertz.
 * @param duration - Of the sweep in seconds; the wavelet is zero beyond it.
 * @throws {RangeError} If frequencies do not rise, or the sweep has no duration.
 */
export function klauder(
  samples: number,
  dt: number,
  frequencies: readonly [number, number],
  duration: number,
): Float64Array {
  checkRising("klauder", "frequencies", frequencies);
  checkRising("klauder", "duration", [duration]);
  const [f1, f2] = frequencies;
  return toOne(
    centred("klauder", samples, dt, (t) => {
      const overlap = Math.max(0, duration - Math.abs(t));
      return overlap * sinc(((f2 - f1) * t * overlap) / duration) * Math.cos(Math.PI * (f1 + f2) * t);
    }),
  );
}

function centred(where: string, samples: number, dt: number, at: (t: number) => number): Float64Array {
  if (!Number.isSafeInteger(samples) || samples < 1) {
    throw new RangeError(`${where}: ${samples} samples; give the centre and those on one side, 1 at least`);
  }
  return Float64Array.from({ length: 2 * samples - 1 }, (_, i) => at((i - (samples - 1)) * dt));
}

function toOne(wavelet: Float64Array): Float64Array {
  const largest = wavelet.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return wavelet.map((value) => value / largest);
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function checkRising(where: string, what: string, numbers: readonly number[]): void {
  if (numbers.every((value, k) => value > (numbers[k - 1] ?? 0) && value < Infinity)) return;
  throw new RangeError(`${where}: ${what} [${numbers.join(", ")}]; give positive numbers that rise`);
}
