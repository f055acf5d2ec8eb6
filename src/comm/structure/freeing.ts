/** What may still be asked of a freed communicator. */
const HARMLESS = new Set(["constructor", "free", "compare"]);

/**
 * Makes every method of `target` throw from now on. They are hidden behind properties of this one object, so that the
 * calls of communicators that are in use need no check.
 */
export function disable(target: object, name: string): void {
  for (let level: unknown = Object.getPrototypeOf(target); isObject(level) && level !== Object.prototype;) {
    for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (typeof value !== "function" || HARMLESS.has(key)) continue;
      Object.defineProperty(target, key, {
        value: () => {
          throw new Error(`${key}: "${name}" has been freed; make the call before, or on another one`);
        },
        configurable: true,
      });
    }
    level = Object.getPrototypeOf(level);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
