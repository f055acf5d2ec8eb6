/** Imports a package that tsmpi depends on, as seen from where tsmpi is installed; for the library, see load-library.ts. */
export const lateImport = (name: string): Promise<unknown> => import(name);
