/** What is to be called back, each until it is disposed of. */
export class Handlers<Arguments extends readonly unknown[]> {
  #list: readonly ((...args: Arguments) => void)[] = [];

  add(handler: (...args: Arguments) => void): Disposable {
    const own = (...args: Arguments): void => handler(...args); // the same one may be added twice
    this.#list = [...this.#list, own];
    return { [Symbol.dispose]: () => void (this.#list = this.#list.filter((other) => other !== own)) };
  }

  /** In the order in which they were added; the first that throws ends it. */
  run(...args: Arguments): void {
    for (const handler of this.#list) handler(...args);
  }

  /**
   * All of them, the latest first, whatever they throw.
   *
   * @returns What the first one that threw has thrown, if any.
   */
  runBackwards(...args: Arguments): { readonly error: unknown } | undefined {
    let failure: { readonly error: unknown } | undefined;
    for (const handler of [...this.#list].reverse()) {
      try {
        handler(...args);
      } catch (error) {
        failure ??= { error };
      }
    }
    return failure;
  }
}
