/** @throws {RangeError} That names the number that is no count. */
export function checkCounts(where: string, numbers: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(numbers))
    if (!Number.isSafeInteger(value) || value < 0)
      throw new RangeError(`${where}: ${name} ${value} is not a count; use an integer from 0`);
}
