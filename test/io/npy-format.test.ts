import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import { test } from "tap";
import { LocalArray } from "../../src/array/local-array.js";
import { formatHeader, parseHeader } from "../../src/io/npy-format.js";
import { decodeNpy, readNpy, writeNpy } from "../../src/io/npy.js";
import { readNpz } from "../../src/io/npz.js";

/** An .npy file as another program might write it. */
function npy(
  descr: string,
  shape: string,
  elements: ArrayBufferView,
  { version = 1, fortran = "False" } = {},
) {
  const text = `{'descr': ${descr}, 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`;
  const prefix = version === 1 ? 10 : 12;
  const bytes = new Uint8Array(prefix + text.length + elements.byteLength);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  new DataView(bytes.buffer).setUint16(8, text.length, true);
  bytes.set(new TextEncoder().encode(text), prefix);
  bytes.set(new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength), prefix + text.length);
  return bytes;
}

const numbers = [0, 1, 2, 100];
const cases: readonly (readonly [descr: string, elements: ArrayBufferView, dtype: string, expected: number[]])[] = [
  ["'<f8'", Float64Array.of(-1.5, 1e300, NaN), "float64", [-1.5, 1e300, NaN]],
  ["'<f4'", Float32Array.of(-1.5, 0.25), "float32", [-1.5, 0.25]],
  ["'=i4'", Int32Array.of(-7, 2 ** 30), "int32", [-7, 2 ** 30]],
  ["'<i2'", Int16Array.of(-300, 5), "int32", [-300, 5]],
  ["'|i1'", Int8Array.of(-3, 5), "int32", [-3, 5]],
  ["'|u1'", Uint8Array.of(255, 5), "int32", [255, 5]],
  ["'<u2'", Uint16Array.of(65535, 5), "int32", [65535, 5]],
  ["'|b1'", Uint8Array.of(1, 0), "int32", [1, 0]],
  ["'<u4'", Uint32Array.of(2 ** 32 - 1), "float64", [2 ** 32 - 1]],
  ["'<i8'", BigInt64Array.of(-(2n ** 53n), 5n), "float64", [-(2 ** 53), 5]],
  ["'<u8'", BigUint64Array.of(2n ** 60n), "float64", [2 ** 60]],
  ["'<f2'", Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7c00, 0x3555), "float32", [1, -2, 2 ** -24, Infinity, 0.333251953125]],
  ["'>f8'", Uint8Array.of(0x40, 0x09, 0x21, 0xfb, 0x54, 0x44, 0x2d, 0x18), "float64", [Math.PI]],
  ["'>i2'", Uint8Array.of(1, 2), "int32", [258]],
]; // prettier-ignore
for (const [descr, elements, dtype, expected] of cases)
  test(`npy: reads ${descr} as ${dtype}`, async (t) => {
    const array = decodeNpy(npy(descr, `(${expected.length},)`, elements), "x");
    t.strictSame([array.dtype, Array.from(array.local)], [dtype, expected]);
  });

test("npy: complex elements, in both byte orders", async (t) => {
  const z = decodeNpy(npy("'<c16'", "(2,)", Float64Array.of(1, 2, 3, -4)), "x");
  t.strictSame([z.dtype, z.space.dims, Array.from(z.local)], ["complex128", [2], [1, 2, 3, -4]]);
  const big = decodeNpy(npy("'>c8'", "(1,)", Uint8Array.of(0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0)), "x");
  t.strictSame([big.dtype, Array.from(big.local)], ["complex64", [1, -2]]);
});

test("npy: shapes of any rank, format versions 1 to 3, Fortran order", async (t) => {
  const four = Int32Array.from(numbers);
  for (const [shape, dims] of [
    ["(4,)", [4]],
    ["(2, 2)", [2, 2]],
    ["(2L, 1, 2)", [2, 1, 2]],
  ] as const)
    // prettier-ignore
    t.strictSame(decodeNpy(npy("'<i4'", shape, four), "x").space.dims, dims);
  t.strictSame(decodeNpy(npy("'<i4'", "()", four.subarray(0, 1)), "x").space.dims, [1]);
  t.strictSame(decodeNpy(npy("'<i4'", "(3, 0)", four.subarray(0, 0)), "x").space.dims, [3, 0]);
  for (const version of [2, 3])
    t.strictSame(Array.from(decodeNpy(npy("'<i4'", "(4,)", four, { version }), "x").local), numbers);
  const fortran = decodeNpy(npy("'<i4'", "(2, 2)", four, { fortran: "True" }), "x");
  t.strictSame(Array.from(fortran.local), [0, 2, 1, 100]);
  const z = decodeNpy(
    npy("'<c8'", "(2, 2)", Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), { fortran: "True" }),
    "x",
  );
  t.strictSame(Array.from(z.local), [1, 2, 5, 6, 3, 4, 7, 8]);
});

test("npy: a header is read back as it was written, and puts the elements at a multiple of 64", async (t) => {
  for (const shape of [[1], [20, 267, 550], [0, 3]]) {
    const header = formatHeader("complex64", shape);
    const { type, dataOffset, dataBytes, fortranOrder, ...rest } = parseHeader(header, "x");
    t.strictSame([type, rest.shape, fortranOrder, rest.swapped], ["c8", shape, false, false]);
    t.strictSame([dataOffset % 64, dataOffset], [0, header.length]);
    t.equal(dataBytes, 8 * shape.reduce((a, b) => a * b));
  }
});

test("npy: what is no array of numbers is refused, with the file and the place", async (t) => {
  const one = Float64Array.of(1);
  const good = npy("'<f8'", "(1,)", one);
  const refuse = (bytes: Uint8Array, message: RegExp) =>
    t.throws(() => decodeNpy(bytes, "some.npy"), { message });
  refuse(new Uint8Array(0), /some\.npy, byte 0: found the end of the file where an \.npy file has 0x93/);
  refuse(Uint8Array.of(0x93, 0x4f), /byte 1: found 0x4f where an \.npy file has 0x4e/);
  refuse(good.with(6, 9), /byte 6: format version is 9/);
  refuse(good.subarray(0, 8), /byte 8: the file ends within its first 10 bytes/);
  refuse(good.subarray(0, 40), /byte 40: the file ends within a header/);
  refuse(npy("'<f8'", "(2,)", one), /takes 16 bytes of \[2\] f8, the file has 8/);
  refuse(npy("[('a', '<f8')]", "(1,)", one), /elements are records/);
  refuse(npy("'|O'", "(1,)", one), /elements of type O/);
  refuse(npy("'<U2'", "(1,)", one), /elements of type U2/);
  refuse(npy("'<f16'", "(1,)", new Float64Array(2)), /elements of type f16; readable are f8, f4/);
  refuse(npy("'<f8'", "one", one), /no readable "shape"/);
  t.throws(() => decodeNpy(npy("'<i8'", "(1,)", BigInt64Array.of(2n ** 53n + 1n)), "x"), {
    name: "RangeError",
  });
});

test("npy, npz: local arrays to a file and back, one member of an archive", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "tsmpi-npz-"));
  t.teardown(() => import("node:fs/promises").then(({ rm }) => rm(folder, { recursive: true })));
  const path = join(folder, "local.npy");
  const array = LocalArray.fromFunction([2, 3], (i, j) => i - j);
  await writeNpy(path, array);
  t.strictSame((await readNpy(path)).local, array.local);

  const archive = join(folder, "some.npz");
  const x = npy("'<i4'", "(4,)", Int32Array.from(numbers));
  await writeFile(archive, zipSync({ "x.npy": x, "y.npy": [x, { level: 0 }], "bad.npy": Uint8Array.of(1) }));
  for (const member of ["x", "y"]) t.strictSame(Array.from((await readNpz(archive, member)).local), numbers);
  await t.rejects(readNpz(archive, "z"), { message: /has no array "z"; it has x, y, bad/ });
  await t.rejects(readNpz(archive, "bad"), { message: /some\.npz:bad, byte 0/ });
  await t.rejects(readNpz(path, "x"), { message: /no directory at the end; is it a zip archive/ });
  await t.rejects(readNpz(join(folder, "none"), "x"), { code: "ENOENT" });
});
