import { env } from "../env.js";
import { requireNative } from "../native.js";

type Koffi = typeof import("koffi");

const ADVICE = 14; // MADV_HUGEPAGE of Linux
const HUGE_PAGE = 2 ** 21;

/** Where a buffer that never moves lies in this process. */
export function addressOfBuffer(buffer: ArrayBufferLike): number {
  return Number(requireNative<Koffi>("koffi").address(new Uint8Array(buffer, 0, 1)));
}

/**
 * Asks Linux for pages of 2 MiB in the address space from the start of `buffer` on: what walks through much memory, or with
 * long strides, then looks up a fraction of the addresses. Elsewhere, or where that is not to be had, nothing happens.
 *
 * @param bytes - Of address space, reserved or in use.
 */
export function adviseHugePages(buffer: ArrayBufferLike, bytes: number): void {
  if (process.platform !== "linux" || !env.hugePages) return;
  try {
    const madvise = requireNative<Koffi>("koffi").load(null).func("int madvise(intptr_t, size_t, int)");
    const address = addressOfBuffer(buffer);
    const start = Math.ceil(address / HUGE_PAGE) * HUGE_PAGE;
    madvise(start, Math.floor((address + bytes) / HUGE_PAGE) * HUGE_PAGE - start, ADVICE);
  } catch {
    // no libc of that name, or no koffi for this platform: small pages do too
  }
}
