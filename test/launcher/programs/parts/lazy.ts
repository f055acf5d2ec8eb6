export const lazily = "imported";
